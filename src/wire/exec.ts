/** Body of `POST /containers/{id}/exec`. */
export interface ExecCreateRequest {
  readonly AttachStdin?: boolean | null;
  readonly AttachStdout?: boolean | null;
  readonly AttachStderr?: boolean | null;
  /** Rows, then columns. */
  readonly ConsoleSize?: readonly [number, number] | null;
  readonly DetachKeys?: string | null;
  readonly Tty?: boolean | null;
  /** Sent by old clients; has no meaning. */
  readonly Detach?: boolean | null;
  readonly Env?: readonly string[] | null;
  readonly Cmd?: readonly string[] | string | null;
  readonly Privileged?: boolean | null;
  readonly User?: string | null;
  readonly WorkingDir?: string | null;
}

/** Answer to `POST /containers/{id}/exec`. */
export interface ExecCreateResponse {
  readonly Id: string;
}

/** Body of `POST /exec/{id}/start`. */
export interface ExecStartRequest {
  readonly Detach?: boolean | null;
  readonly Tty?: boolean | null;
  /** Rows, then columns. */
  readonly ConsoleSize?: readonly [number, number] | null;
}

/** `GET /exec/{id}/json`. */
export interface ExecInspect {
  readonly ID: string;
  readonly Running: boolean;
  /** `null` until it ended. */
  readonly ExitCode: number | null;
  readonly ProcessConfig: {
    readonly tty: boolean;
    readonly entrypoint: string;
    readonly arguments: readonly string[];
    readonly privileged: boolean;
    readonly user?: string;
  };
  readonly OpenStdin: boolean;
  readonly OpenStderr: boolean;
  readonly OpenStdout: boolean;
  readonly CanRemove: boolean;
  readonly ContainerID: string;
  readonly DetachKeys: string;
  readonly Pid: number;
}
