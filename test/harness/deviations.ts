/**
 * Places where dockerd 28.5 itself does not keep to the published description of its API.
 * Found by running the end-to-end tests through the validating proxy in front of a real dockerd; pier may deviate there in the
 * same way, because clients are made for what dockerd sends.
 *
 * @module
 */

/** A difference between a response and the description. */
export interface Difference {
  /** `GET /containers/{id}/json`; the plain path where it is not described. */
  readonly operation: string;
  readonly status: number;
  /** JSON pointer into the body with `*` for array indexes; empty for the response as a whole. */
  readonly where: string;
  readonly problem: string;
  /** Version of the description in use: `1.41`, `1.44`, `1.56`. */
  readonly description: string;
}

interface Deviation {
  readonly operation: string | RegExp;
  readonly status?: number;
  readonly where?: string | RegExp;
  readonly problem: RegExp;
  readonly descriptions?: readonly string[];
  /** Why dockerd does it. */
  readonly reason: string;
}

const NULL_SLICE = 'Go writes a slice or map that was never set as null; the description does not say so';

const CONTAINER_INSPECT = 'GET /containers/{id}/json';
const HAS_NETWORKS = /^GET \/containers\/(\{id\}\/json|json)$/;

const DEVIATIONS: readonly Deviation[] = [
  { operation: 'GET /containers/{id}/changes', status: 200, where: '', problem: /must be array, found null$/, reason: NULL_SLICE },
  {
    operation: 'POST /commit',
    status: 400,
    problem: /status is not documented/,
    reason: "a change or a name that is no good is the client's mistake; the description knows no such answer",
  },
  {
    operation: CONTAINER_INSPECT,
    where:
      /^\/HostConfig\/(VolumesFrom|SecurityOpt|Links|GroupAdd|ExtraHosts|DeviceRequests|DeviceCgroupRules|CapDrop|CapAdd|Binds|Ulimits|PortBindings|Dns|DnsSearch|DnsOptions|Devices|BlkioWeightDevice|BlkioDevice(Read|Write)(Bps|IOps)|MaskedPaths|ReadonlyPaths|DeviceRequests\/\*\/(DeviceIDs|Capabilities|Options))$/,
    problem: /found null$/,
    reason: NULL_SLICE,
  },
  { operation: CONTAINER_INSPECT, where: /^\/Config\/(Volumes|Env|Entrypoint|Cmd)$/, problem: /found null$/, reason: NULL_SLICE },
  {
    operation: CONTAINER_INSPECT,
    where: '/HostConfig/MemorySwappiness',
    problem: /found null$/,
    reason: 'a pointer in Go: null stands for "the kernel\'s default"',
  },
  { operation: 'GET /containers/{id}/stats', where: /^\/blkio_stats\/\w+$/, problem: /found null$/, reason: NULL_SLICE },
  { operation: 'POST /containers/{id}/update', where: '/Warnings', problem: /found null$/, reason: NULL_SLICE },
  {
    operation: 'POST /containers/{id}/update',
    problem: /^the status is not documented/,
    reason: 'limits that make no sense are 400, those that do not go with the present ones 409',
  },
  {
    operation: CONTAINER_INSPECT,
    where: '/HostConfig/OomKillDisable',
    problem: /found null$/,
    reason: 'a pointer in Go: version 2 of cgroups has no such setting',
  },
  {
    operation: HAS_NETWORKS,
    where: /\/NetworkSettings\/Networks\/[^/]+\/(Links|Aliases|DNSNames)$/,
    problem: /found null$/,
    reason: NULL_SLICE,
  },
  {
    operation: /^POST \/(images|containers|networks)\/prune$/,
    where: /^\/(Images|Containers|Networks)Deleted$/,
    problem: /found null$/,
    reason: NULL_SLICE,
  },
  {
    operation: 'GET /exec/{id}/json',
    where: '/ExitCode',
    problem: /found null$/,
    reason: 'a pointer in Go: null until the process has ended',
  },
  { operation: 'GET /containers/json', where: '/*/Labels', problem: /found null$/, reason: NULL_SLICE },
  { operation: 'GET /images/{name}/history', where: '/*/Tags', problem: /found null$/, reason: NULL_SLICE },
  { operation: 'GET /images/json', where: /^\/\*\/(Labels|RepoDigests)$/, problem: /found null$/, reason: NULL_SLICE },
  {
    operation: 'GET /images/{name}/json',
    where: /^\/(Config|ContainerConfig)\/(Volumes|Labels|Env|Entrypoint|Cmd)$/,
    problem: /found null$/,
    reason: NULL_SLICE,
  },
  { operation: /^GET \/networks(\/\{id\})?$/, where: /^(\/\*)?\/IPAM\/(Options|Config)$/, problem: /found null$/, reason: NULL_SLICE },
  {
    operation: 'GET /info',
    where:
      /^\/(Warnings|GenericResources|Plugins\/Authorization|RegistryConfig\/(Mirrors|AllowNondistributableArtifacts(Hostnames|CIDRs)))$/,
    problem: /found null$/,
    reason: NULL_SLICE,
  },
  {
    operation: 'GET /containers/json',
    status: 404,
    problem: /status is not documented/,
    reason: 'the filters before and since name a container, which may not be there',
  },
  {
    operation: 'POST /containers/{id}/pause',
    status: 409,
    problem: /^the status is not documented/,
    reason: 'a container that does not run is a conflict; the description lists only 204, 404 and 500',
  },
  {
    operation: 'POST /containers/{id}/start',
    status: 409,
    problem: /^the status is not documented/,
    reason: 'that the container whose IPC namespace is to be joined does not run is a conflict',
  },
  {
    operation: 'POST /containers/{id}/attach',
    status: 409,
    problem: /^the status is not documented/,
    reason: 'a container that is paused or about to be restarted is a conflict',
  },
  {
    operation: 'POST /containers/{id}/kill',
    status: 400,
    problem: /^the status is not documented/,
    reason: 'a signal that does not exist is a bad parameter',
  },
  {
    operation: /^POST \/(images|containers|networks)\/prune$/,
    status: 400,
    problem: /^the status is not documented/,
    reason: 'a filter that makes no sense is a bad parameter',
  },
  {
    operation: 'POST /containers/{id}/rename',
    status: 400,
    problem: /^the status is not documented/,
    reason: 'a name that cannot be one is a bad parameter',
  },
  {
    operation: 'POST /containers/{id}/exec',
    status: 400,
    problem: /^the status is not documented/,
    reason: 'a user that the container does not have is a bad parameter',
  },
  {
    operation: 'GET /system/df',
    status: 400,
    problem: /^the status is not documented/,
    reason: 'a type that does not exist is a bad parameter',
  },
  { operation: 'GET /system/df', where: /^\/(Images|Containers|Volumes|BuildCache)$/, problem: /found null$/, reason: NULL_SLICE },
  {
    operation: 'POST /images/create',
    status: 400,
    problem: /^the status is not documented/,
    reason: 'a reference that is none is a bad parameter',
  },
  {
    operation: /./,
    status: 501,
    problem: /^the status is not documented/,
    reason: "pier's own, not dockerd's: what it does not do yet is refused with a status that says so",
  },
  {
    operation: 'POST /exec/{id}/start',
    status: 101,
    problem: /^the status is not documented/,
    reason: 'the connection is upgraded as with attach, where the description says so',
  },
];

/** The known deviation that explains a difference, if there is one. */
export function findDeviation(difference: Difference): string | undefined {
  const matches = (expected: string | RegExp | undefined, found: string): boolean =>
    expected === undefined || (typeof expected === 'string' ? expected === found : expected.test(found));
  return DEVIATIONS.find(
    (known) =>
      matches(known.operation, difference.operation) &&
      (known.status === undefined || known.status === difference.status) &&
      matches(known.where, difference.where) &&
      known.problem.test(difference.problem) &&
      (known.descriptions === undefined || known.descriptions.includes(difference.description)),
  )?.reason;
}
