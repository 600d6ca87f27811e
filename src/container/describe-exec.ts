import { resolveCapabilities } from '../oci/index.ts';
import { processEnv } from './process-env.ts';
import { processRlimits } from './process-rlimits.ts';
import { lookUpUser } from './user-lookup.ts';
import type { RuntimeProcess } from '../oci/index.ts';
import type { Container } from './container.ts';
import type { ContainerContext } from './container-context.ts';
import type { ExecSpec } from './container-service.ts';

/**
 * What the runtime is told of a further process in a container.
 *
 * @param size Of its terminal; the spec's own when `undefined`.
 * @throws {PierError} If there is no such user.
 */
export function describeExec(
  context: ContainerContext,
  container: Container,
  spec: ExecSpec,
  size?: { readonly height: number; readonly width: number },
): RuntimeProcess {
  const user = lookUpUser(context.paths.rootfs(container.id), spec.user === '' ? container.user : spec.user, container.spec.groupAdd);
  const isPrivileged = spec.isPrivileged || container.spec.isPrivileged;
  const { capabilities } = resolveCapabilities({
    capAdd: container.spec.capAdd,
    capDrop: container.spec.capDrop,
    isPrivileged,
    available: context.host.capabilities,
  });
  const own = user.uid === 0 ? capabilities : [];
  const consoleSize = size ?? spec.consoleSize;
  return {
    terminal: spec.tty,
    ...(spec.tty && consoleSize !== undefined ? { consoleSize } : {}),
    user: { uid: user.uid, gid: user.gid, additionalGids: user.additionalGids },
    args: spec.argv,
    env: processEnv({ hostname: container.hostname, tty: spec.tty, env: container.env, execEnv: spec.env, home: user.home }),
    cwd: spec.workingDir !== '' ? spec.workingDir : container.workingDir !== '' ? container.workingDir : '/',
    capabilities: { bounding: capabilities, effective: own, permitted: own },
    ...(container.spec.ulimits.length === 0 ? {} : { rlimits: processRlimits(container.spec.ulimits) }),
    noNewPrivileges: container.spec.noNewPrivileges,
    ...(context.host.hasAppArmor && container.spec.appArmorProfile !== '' ? { apparmorProfile: container.spec.appArmorProfile } : {}),
  };
}
