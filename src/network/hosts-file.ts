/** A container's own names and address. */
export interface HostsFileSpec {
  readonly hostname: string;
  /** Empty for none. */
  readonly domainname: string;
  /** `undefined` without a network: the file then names loopback only. */
  readonly address: string | undefined;
}

const LOOPBACK_LINES = [
  ['127.0.0.1', 'localhost'],
  ['::1', 'localhost ip6-localhost ip6-loopback'],
  ['fe00::', 'ip6-localnet'],
  ['ff00::', 'ip6-mcastprefix'],
  ['ff02::1', 'ip6-allnodes'],
  ['ff02::2', 'ip6-allrouters'],
] as const;

/** A container's /etc/hosts as Docker writes it. On the host's own network the host's file takes its place. */
export function hostsFile({ hostname, domainname, address }: HostsFileSpec): string {
  const lines = LOOPBACK_LINES.map(([ip, names]) => `${ip}\t${names}\n`);
  if (address !== undefined) lines.push(`${address}\t${namesOf(hostname, domainname)}\n`);
  return lines.join('');
}

/** The full name and, if that has dots, its first part. */
function namesOf(hostname: string, domainname: string): string {
  const fullName = domainname === '' ? hostname : `${hostname}.${domainname}`;
  const firstDot = fullName.indexOf('.');
  return firstDot < 0 ? fullName : `${fullName} ${fullName.slice(0, firstDot)}`;
}
