/** How Docker begins what a runtime says of a container that it could not make. */
export const CREATE_FAILED = 'failed to create task for container: failed to create shim task: OCI runtime create failed: ';
/** What follows it where the container's own first process failed. */
export const INIT_FAILED = 'unable to start container process: error during container init: ';
