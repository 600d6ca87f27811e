import { PierError } from '../base/errors.ts';

/** Mount flags that tmpfs takes, each with the switch it turns, so that of `exec` and `noexec` the later one wins. */
const FLAGS: Readonly<Record<string, string>> = {
  ro: 'ro',
  rw: 'ro',
  suid: 'nosuid',
  nosuid: 'nosuid',
  dev: 'nodev',
  nodev: 'nodev',
  exec: 'noexec',
  noexec: 'noexec',
  sync: 'sync',
  async: 'sync',
  dirsync: 'dirsync',
  remount: 'remount',
  mand: 'mand',
  nomand: 'mand',
  atime: 'noatime',
  noatime: 'noatime',
  diratime: 'nodiratime',
  nodiratime: 'nodiratime',
  relatime: 'relatime',
  norelatime: 'relatime',
  strictatime: 'strictatime',
  nostrictatime: 'strictatime',
  bind: 'bind',
  rbind: 'rbind',
  private: 'propagation',
  rprivate: 'propagation',
  shared: 'propagation',
  rshared: 'propagation',
  slave: 'propagation',
  rslave: 'propagation',
  unbindable: 'propagation',
  runbindable: 'propagation',
};

const SETTINGS: ReadonlySet<string> = new Set(['size', 'mode', 'uid', 'gid', 'nr_inodes', 'nr_blocks', 'mpol']);

/** What a container's tmpfs gets unless its options say otherwise. */
const DEFAULTS = ['noexec', 'nosuid', 'nodev', 'rprivate'];

/**
 * Reads the options of a tmpfs and puts them behind the defaults, one option a switch.
 *
 * @param text As in `--tmpfs /run:size=64m,exec`: `size=64m,exec`; empty for the defaults alone.
 * @throws {PierError} `InvalidArgument`, reason `container.bad-tmpfs-option`, facts `{ option }`, for an option tmpfs does not take.
 */
export function parseTmpfsOptions(text: string): string[] {
  const seen = new Set<string>();
  return [...DEFAULTS, ...text.split(',')]
    .toReversed()
    .filter((option) => {
      if (option === '' || option === 'defaults') return false;
      const key = keyOf(option);
      if (seen.has(key)) return false;
      seen.add(key);
      return true;
    })
    .toReversed();
}

function keyOf(option: string): string {
  const flag = Object.hasOwn(FLAGS, option) ? FLAGS[option] : undefined;
  if (flag !== undefined) return flag;
  const equals = option.indexOf('=');
  const name = option.slice(0, equals === -1 ? option.length : equals);
  if (equals !== -1 && SETTINGS.has(name)) return `${name}=`;
  throw new PierError('InvalidArgument', `Cannot read tmpfs options: "${option}" is not one of them`, {
    reason: 'container.bad-tmpfs-option',
    facts: { option },
  });
}
