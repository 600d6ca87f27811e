import { join } from 'node:path';

/** Where containers' things lie: what survives a reboot below the root, what does not below the state directory. */
export class ContainerPaths {
  /** `ROOT/containers`: a directory for each container with its log and its network files. */
  readonly rootDir: string;
  /** `STATE/c`: a bundle for each container that runs. */
  readonly bundlesDir: string;
  /** `STATE/exits`: exit codes, a file for each container, from its end until the engine has read it. */
  readonly exitDir: string;
  /** `STATE/x`: for the lifetime of an exec, its process description and console socket. */
  readonly execsDir: string;

  constructor(root: string, state: string) {
    this.rootDir = join(root, 'containers');
    this.bundlesDir = join(state, 'c');
    this.exitDir = join(state, 'exits');
    this.execsDir = join(state, 'x');
  }

  files(id: string): string {
    return join(this.rootDir, id);
  }

  bundle(id: string): string {
    return join(this.bundlesDir, id);
  }

  rootfs(id: string): string {
    return join(this.bundlesDir, id, 'rootfs');
  }

  /** The shared memory of a container that lets others join it. */
  shm(id: string): string {
    return join(this.bundlesDir, id, 'shm');
  }

  log(id: string): string {
    return join(this.rootDir, id, 'ctr.log');
  }

  exitFile(id: string): string {
    return join(this.exitDir, id);
  }
}
