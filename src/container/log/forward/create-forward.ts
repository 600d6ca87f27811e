import { logDriverOf } from '../log-plan.ts';
import { logTag } from '../log-tag.ts';
import { JournalForward } from './journal-forward.ts';
import { SyslogForward } from './syslog-forward.ts';
import type { Container } from '../../container.ts';
import type { Forward } from './forward.ts';

/** Docker's default for `tag`. */
const DEFAULT_TAG = '{{.ID}}';

/**
 * Where a container's log goes besides its file; nothing is connected yet.
 *
 * @returns `undefined` if its driver sends it nowhere.
 * @throws {PierError} Reasons `log.bad-option`, `log.tag-unsupported`.
 */
export function createForward(container: Container): Forward | undefined {
  const { options } = container.spec.logConfig;
  const tag = (): string => logTag(options['tag'] || DEFAULT_TAG, container);
  switch (logDriverOf(container)) {
    case 'journald':
      return new JournalForward(container, tag());
    case 'syslog':
      return new SyslogForward(options, tag());
    default:
      return undefined;
  }
}
