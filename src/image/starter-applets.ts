/**
 * Programs that a busybox may hold, as far as they are of use in a container. Those that the machine's busybox was built
 * without get no link.
 */
export const STARTER_APPLETS: readonly string[] = (
  '[ [[ arch arp arping ascii ash awk base64 basename bc bunzip2 bzcat bzip2 cal cat chgrp chmod chown chroot clear cmp cp cpio crc32 ' +
  'cut date dc dd df diff dirname dmesg dos2unix du echo ed egrep env expand expr factor fallocate false fgrep find flock fold free ' +
  'fsync ftpget ftpput fuser getopt grep groups gunzip gzip head hexdump hexedit hostid hostname httpd id ifconfig ionice ip ipcalc ' +
  'kill killall less link ln logger login logname ls lsof lzcat lzma md5sum microcom mkdir mkfifo mknod mktemp more mount mountpoint ' +
  'mv nameif nc netstat nice nl nohup nologin nproc nsenter nslookup od paste patch pgrep pidof ping ping6 pipe_progress pkill pmap ' +
  'printenv printf ps pstree pwd readlink realpath renice reset resize rev rm rmdir route run-parts sed seq setpriv setsid sh sha1sum ' +
  'sha256sum sha3sum sha512sum shred shuf sleep sort split ssl_client stat strings stty su sum sync sysctl tac tail tar taskset tc tee ' +
  'telnet test tftp time timeout top touch tr traceroute traceroute6 tree true truncate ts tsort tty ttysize umount uname uncompress ' +
  'unexpand uniq unix2dos unlink unlzma unshare unxz unzip uptime usleep uudecode uuencode vi watch wc wget which who whoami xargs xxd ' +
  'xz xzcat yes zcat'
).split(' ');
