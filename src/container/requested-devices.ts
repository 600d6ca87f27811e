/**
 * Devices that a container asks for by what they can do, or by their names in files of vendors (CDI).
 *
 * @module
 */
import { PierError } from '../base/errors.ts';
import { applyCdiEdits, readCdiDevices } from '../oci/index.ts';
import type { RuntimeSpec } from '../oci/index.ts';
import type { Container } from './container.ts';
import type { ContainerHost } from './container-host.ts';
import type { DeviceRequest } from './container-spec.ts';

const GPU_KIND = 'nvidia.com/gpu';
const ALL = -1;

/**
 * A config.json with the devices that are asked for.
 *
 * @throws {PierError} `InvalidArgument`, reasons `cdi.unresolvable` (facts `{ names }`), `cdi.count`, `cdi.options`,
 * `cdi.no-host-device` (facts `{ path }`), `container.no-device-driver` (facts `{ driver, capabilities }`, lists in brackets).
 */
export async function withRequestedDevices(
  config: RuntimeSpec,
  requests: readonly DeviceRequest[],
  { cdiSpecDirs, logger }: Pick<ContainerHost, 'cdiSpecDirs' | 'logger'>,
): Promise<RuntimeSpec> {
  if (requests.length === 0) return config;
  const { edits, problems } = await readCdiDevices(cdiSpecDirs);
  for (const { path, error } of problems) logger.warn('a file of devices cannot be used', { path, error });
  const names = requests.flatMap((request) => namesOf(request, [...edits.keys()]));
  const missing = names.filter((name) => !edits.has(name));
  if (missing.length > 0) {
    throw new PierError('InvalidArgument', `Cannot find devices ${missing.join(', ')}: no CDI file has them`, {
      reason: 'cdi.unresolvable',
      facts: { names: missing.join(', ') },
    });
  }
  // What is for all devices of a kind is the same object, and counts once.
  return applyCdiEdits(config, [...new Set(names.flatMap((name) => edits.get(name) ?? []))]);
}

/** Whether the runtime has programs to run for a container: those that come with devices. */
export function mayHaveHooks({ spec }: Pick<Container, 'spec'>): boolean {
  return spec.deviceRequests.length > 0;
}

function namesOf(request: DeviceRequest, known: readonly string[]): readonly string[] {
  if (request.driver === 'cdi') {
    if (request.count !== 0) throw bad('a number of devices is asked for, not names', 'cdi.count');
    if (Object.keys(request.options ?? {}).length > 0) throw bad('options are asked for', 'cdi.options');
    return request.deviceIds ?? [];
  }
  return gpusOf(request, known) ?? noDriver(request);
}

/** Graphics processors that NVIDIA's toolkit has described; `undefined` where it has not, or something else is asked for. */
function gpusOf({ driver, count, deviceIds, capabilities }: DeviceRequest, known: readonly string[]): readonly string[] | undefined {
  const isGpu = (driver === '' || driver === 'nvidia') && (capabilities ?? []).some((list) => list.includes('gpu'));
  const gpus = known.filter((name) => name.startsWith(`${GPU_KIND}=`));
  if (!isGpu || gpus.length === 0) return undefined;
  if (deviceIds !== undefined && deviceIds.length > 0) return deviceIds.map((id) => `${GPU_KIND}=${id}`);
  const all = `${GPU_KIND}=all`;
  if (count === ALL && gpus.includes(all)) return [all];
  const numbered = gpus.filter((name) => /=\d+$/.test(name));
  if (count === ALL || count <= numbered.length) return count === ALL ? numbered : numbered.slice(0, Math.max(0, count));
  // The first that is missing: nobody knows how many were asked for.
  return [...numbered, `${GPU_KIND}=${numbered.length}`];
}

function noDriver({ driver, capabilities }: DeviceRequest): never {
  throw new PierError('InvalidArgument', `Cannot find devices: nothing serves driver "${driver}"`, {
    reason: 'container.no-device-driver',
    facts: { driver, capabilities: `[${(capabilities ?? []).map((list) => `[${list.join(' ')}]`).join(' ')}]` },
  });
}

function bad(problem: string, reason: string): PierError {
  return new PierError('InvalidArgument', `Cannot find devices: ${problem}`, { reason });
}
