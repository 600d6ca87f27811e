import type { LogConfig as WireLogConfig, Loose } from '../../wire/index.ts';
import type { ContainerSpec } from '../backend.ts';
import { notSupported } from '../errors.ts';
import { checkFields } from '../field-kinds.ts';

/** Docker's drivers that pier has not. */
const UNSUPPORTED: ReadonlySet<string> = new Set(['awslogs', 'etwlogs', 'fluentd', 'gcplogs', 'gelf', 'splunk']);

/** `HostConfig.LogConfig`. @throws {PierError} `InvalidArgument`; `NotImplemented` for a driver of Docker's that pier has not. */
export function translateLogConfig(body: Loose<WireLogConfig>): ContainerSpec['logConfig'] {
  const { Type, Config } = checkFields<Loose<WireLogConfig>>(body, { Type: 'string', Config: 'map' }, 'HostConfig.LogConfig');
  const driver = Type ?? '';
  if (UNSUPPORTED.has(driver)) throw notSupported(`the log driver ${JSON.stringify(driver)}`);
  return { driver, options: Config ?? {} };
}
