import type { SeccompArgument } from '../linux/index.ts';
import type { SeccompCondition, SeccompProfile, SeccompProfileRule } from './seccomp-profile.ts';

/** System calls that every container may make with any arguments, by what they serve. */
const ALWAYS: Readonly<Record<string, string>> = {
  'read and write what is open': `read readv pread64 preadv preadv2 write writev pwrite64 pwritev pwritev2 close close_range lseek _llseek
    dup dup2 dup3 fcntl fcntl64 ioctl flock fsync fdatasync sync syncfs sync_file_range readahead fadvise64 fadvise64_64 fallocate
    ftruncate ftruncate64 copy_file_range sendfile sendfile64 splice tee vmsplice pipe pipe2`,
  'find and change files by name': `open openat openat2 creat access faccessat faccessat2 stat stat64 lstat lstat64 fstat fstat64 fstatat64
    newfstatat statx statfs statfs64 fstatfs fstatfs64 readlink readlinkat getdents getdents64 getcwd chdir fchdir mkdir mkdirat rmdir
    link linkat symlink symlinkat unlink unlinkat rename renameat renameat2 truncate truncate64 umask mknod mknodat name_to_handle_at
    chmod fchmod fchmodat fchmodat2 chown chown32 fchown fchown32 fchownat lchown lchown32 utime utimes futimesat utimensat utimensat_time64
    statmount listmount`,
  'extended attributes': `getxattr lgetxattr fgetxattr getxattrat setxattr lsetxattr fsetxattr setxattrat listxattr llistxattr flistxattr
    listxattrat removexattr lremovexattr fremovexattr removexattrat`,
  'wait for events': `poll ppoll ppoll_time64 select _newselect pselect6 pselect6_time64 epoll_create epoll_create1 epoll_ctl epoll_ctl_old
    epoll_wait epoll_wait_old epoll_pwait epoll_pwait2 eventfd eventfd2 signalfd signalfd4 timerfd_create timerfd_settime timerfd_settime64
    timerfd_gettime timerfd_gettime64 inotify_init inotify_init1 inotify_add_watch inotify_rm_watch fanotify_mark`,
  // io_uring is left out: it carries out calls past this filter.
  'asynchronous reads and writes of the old kind': `io_setup io_destroy io_submit io_cancel io_getevents io_pgetevents io_pgetevents_time64`,
  memory: `brk mmap mmap2 munmap mremap mprotect madvise msync mincore mlock mlock2 mlockall munlock munlockall mseal remap_file_pages
    memfd_create memfd_secret pkey_alloc pkey_free pkey_mprotect map_shadow_stack membarrier cachestat process_mrelease`,
  'processes and threads': `fork vfork execve execveat exit exit_group wait4 waitid waitpid getpid getppid gettid getpgid getpgrp setpgid
    getsid setsid prctl set_tid_address get_robust_list set_robust_list get_thread_area set_thread_area rseq restart_syscall
    pidfd_open pidfd_send_signal getpriority setpriority ioprio_get ioprio_set getrlimit ugetrlimit setrlimit prlimit64 getrusage times
    riscv_hwprobe uretprobe`,
  scheduling: `sched_yield sched_getaffinity sched_setaffinity sched_getattr sched_setattr sched_getparam sched_setparam
    sched_getscheduler sched_setscheduler sched_get_priority_max sched_get_priority_min sched_rr_get_interval sched_rr_get_interval_time64
    getcpu`,
  'locks between threads': `futex futex_time64 futex_wait futex_waitv futex_wake futex_requeue`,
  signals: `kill tkill tgkill rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_tgsigqueueinfo rt_sigreturn rt_sigsuspend
    rt_sigtimedwait rt_sigtimedwait_time64 sigaltstack sigprocmask sigreturn pause`,
  // Setting the clock needs CAP_SYS_TIME, which the kernel checks; reading it through the same calls does not.
  time: `time gettimeofday clock_gettime clock_gettime64 clock_getres clock_getres_time64 clock_nanosleep clock_nanosleep_time64
    nanosleep alarm getitimer setitimer timer_create timer_delete timer_getoverrun timer_gettime timer_gettime64 timer_settime
    timer_settime64 adjtimex clock_adjtime clock_adjtime64`,
  'identity; the kernel checks each change': `getuid getuid32 geteuid geteuid32 getgid getgid32 getegid getegid32 getresuid getresuid32
    getresgid getresgid32 getgroups getgroups32 setuid setuid32 setgid setgid32 setreuid setreuid32 setregid setregid32 setresuid
    setresuid32 setresgid setresgid32 setfsuid setfsuid32 setfsgid setfsgid32 setgroups setgroups32 capget capset`,
  'sockets, once they are made': `socketcall socketpair bind listen accept accept4 connect shutdown getsockname getpeername getsockopt
    setsockopt send sendto sendmsg sendmmsg recv recvfrom recvmsg recvmmsg recvmmsg_time64`,
  'talk between processes, inside the IPC namespace': `ipc msgctl msgget msgrcv msgsnd semctl semget semop semtimedop semtimedop_time64
    shmat shmctl shmdt shmget mq_open mq_unlink mq_getsetattr mq_notify mq_timedreceive mq_timedreceive_time64 mq_timedsend
    mq_timedsend_time64`,
  'give up rights': `seccomp landlock_create_ruleset landlock_add_rule landlock_restrict_self`,
  'ask about the system': `uname sysinfo getrandom`,
};

/** System calls that one capability opens, because the kernel's own check then decides. */
const BY_CAPABILITY: Readonly<Record<string, string>> = {
  CAP_BPF: 'bpf',
  CAP_DAC_READ_SEARCH: 'open_by_handle_at',
  CAP_PERFMON: 'perf_event_open',
  CAP_SYS_ADMIN: `bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie lsm_get_self_attr lsm_list_modules
    lsm_set_self_attr mount mount_setattr move_mount open_tree perf_event_open quotactl quotactl_fd setdomainname sethostname setns syslog
    umount umount2 unshare`,
  CAP_SYS_BOOT: 'reboot',
  CAP_SYS_CHROOT: 'chroot',
  CAP_SYSLOG: 'syslog',
  CAP_SYS_MODULE: 'init_module finit_module delete_module',
  CAP_SYS_NICE: 'get_mempolicy mbind set_mempolicy set_mempolicy_home_node',
  CAP_SYS_PACCT: 'acct',
  CAP_SYS_PTRACE: 'kcmp pidfd_getfd process_madvise process_vm_readv process_vm_writev ptrace',
  CAP_SYS_RAWIO: 'iopl ioperm',
  CAP_SYS_TIME: 'settimeofday stime clock_settime clock_settime64',
  CAP_SYS_TTY_CONFIG: 'vhangup',
};

/** System calls of one architecture. */
const BY_ARCHITECTURE: readonly (readonly [arches: readonly string[], names: string])[] = [
  [['amd64', 'x32'], 'arch_prctl'],
  [['amd64', 'x32', 'x86'], 'modify_ldt'],
  [['arm', 'arm64'], 'arm_fadvise64_64 arm_sync_file_range sync_file_range2 breakpoint cacheflush set_tls'],
  [['ppc64le'], 'sync_file_range2 swapcontext'],
  [['riscv64'], 'riscv_flush_icache'],
  [['s390', 's390x'], 's390_pci_mmio_read s390_pci_mmio_write s390_runtime_instr'],
];

/** Every flag of clone(2) that makes a namespace. */
const CLONE_NEW_ANY = 0x7e02_0000;
/** PER_LINUX and PER_LINUX32, each also with UNAME26, and the value that only asks. personality(2). */
const PERSONALITIES = [0x0, 0x8, 0x2_0000, 0x2_0008, 0xffff_ffff];
const AF_ALG = 38;
const AF_VSOCK = 40;
const ENOSYS = 38;
const S390 = ['s390', 's390x'];

/** What a container may ask of the kernel: Docker's default allow-list. All else gives EPERM. */
export const DEFAULT_SECCOMP_PROFILE: SeccompProfile = {
  defaultAction: 'SCMP_ACT_ERRNO',
  defaultErrnoRet: 1,
  archMap: [
    { architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86', 'SCMP_ARCH_X32'] },
    { architecture: 'SCMP_ARCH_AARCH64', subArchitectures: ['SCMP_ARCH_ARM'] },
    { architecture: 'SCMP_ARCH_S390X', subArchitectures: ['SCMP_ARCH_S390'] },
    { architecture: 'SCMP_ARCH_RISCV64', subArchitectures: [] },
    { architecture: 'SCMP_ARCH_LOONGARCH64', subArchitectures: [] },
  ],
  syscalls: [
    allow(Object.values(ALWAYS).join(' ')),
    // Before 4.8 a tracer could change a system call after this filter had seen it.
    allow('process_vm_readv process_vm_writev ptrace', { includes: { minKernel: '4.8' } }),
    // Neither vsock, which reaches the hypervisor past every namespace, nor the kernel's crypto sockets, a rich source of bugs.
    allowIf('socket', { index: 0, value: AF_ALG, op: 'SCMP_CMP_LT' }),
    allowIf('socket', { index: 0, value: AF_ALG + 1, op: 'SCMP_CMP_EQ' }),
    allowIf('socket', { index: 0, value: AF_VSOCK, op: 'SCMP_CMP_GT' }),
    ...PERSONALITIES.map((value) => allowIf('personality', { index: 0, value, op: 'SCMP_CMP_EQ' })),
    ...BY_ARCHITECTURE.map(([arches, names]) => allow(names, { includes: { arches } })),
    ...Object.entries(BY_CAPABILITY).map(([name, names]) => allow(names, { includes: { caps: [name] } })),
    // New threads and processes, but no namespaces. On s390 the flags are the second argument.
    allowIf('clone', { index: 0, value: CLONE_NEW_ANY, op: 'SCMP_CMP_MASKED_EQ' }, { excludes: { caps: ['CAP_SYS_ADMIN'], arches: S390 } }),
    allowIf(
      'clone',
      { index: 1, value: CLONE_NEW_ANY, op: 'SCMP_CMP_MASKED_EQ' },
      { includes: { arches: S390 }, excludes: { caps: ['CAP_SYS_ADMIN'] } },
    ),
    // Its flags lie in memory where no filter sees them. "No such call" makes C libraries use clone instead.
    { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: ENOSYS, excludes: { caps: ['CAP_SYS_ADMIN'] } },
  ],
};

interface Conditions {
  readonly includes?: SeccompCondition;
  readonly excludes?: SeccompCondition;
}

function allow(names: string, conditions: Conditions = {}): SeccompProfileRule {
  return { names: names.split(/\s+/), action: 'SCMP_ACT_ALLOW', ...conditions };
}

function allowIf(name: string, argument: SeccompArgument, conditions: Conditions = {}): SeccompProfileRule {
  return { names: [name], action: 'SCMP_ACT_ALLOW', args: [argument], ...conditions };
}
