import type { ClientName } from './target.ts';

/** A line in which pier differs from Docker on purpose, or because it cannot do otherwise. */
export interface KnownDifference {
  /** Only with this client. */
  readonly client?: ClientName;
  /** Fits `TOPIC/TITLE $ COMMAND`. Everywhere when not given. */
  readonly where?: RegExp;
  /** Fits the line of the difference: `-` and Docker's, or `+` and pier's; then `| ` for standard output, `! ` for standard error. */
  readonly line: RegExp;
  /** Why it is so. */
  readonly reason: string;
}

const NO_VOLUMES = 'Volumes are not there yet, and `--mount` with them.';
const NO_NETWORKS = 'Networks of one’s own are not there yet, nor ports that are published and names that are told.';

/** All of them. One that no difference fits any more fails the run. */
export const KNOWN_DIFFERENCES: readonly KnownDifference[] = [
  // --- what runs underneath
  {
    line: /^[-+]\| +"Runtime": "(?:runc|crun)",$/,
    reason: 'The default runtime is crun where there is one: it starts in half the time.',
  },
  {
    line: /^[-+]\| +"LogPath": /,
    reason: 'What conmon writes is read as it is; its format is not that of Docker’s json-file, and so is its name.',
  },
  {
    line: /^[-+]\| +"MergedDir": /,
    reason: 'The root file system is mounted in the bundle, not beside the layer.',
  },
  {
    line: /OCI runtime create failed: (?:runc create failed: )?unable to start container process: error during container init/,
    reason: 'Docker passes on that runc names itself. Here it may have been crun, in runc’s words otherwise.',
  },
  {
    where: /run --name r7 -w \/etc\/passwd/,
    line: /Cannot mkdir: \/etc\/passwd is not a directory|chdir `\/etc\/passwd`: Not a directory/,
    reason: 'Docker mounts the root file system at create to make the working directory. Here the start makes it, and finds out.',
  },
  {
    where: /run and its exit codes \$ docker ps/,
    line: /^\+\| r7 created Created$/,
    reason: 'The same: what cannot be entered is found at the start, when the container is there already.',
  },
  {
    where: /docker top \S+ --nonsense/,
    line: /^[-+]! Error response from daemon: (?:ps: )?error: unknown gnu long option$/,
    reason: 'What ps says is passed on, and a newer ps says its name first.',
  },
  {
    where: /\$ docker update --memory-swap 32m up/,
    line: /memory\.memsw\.limit_in_bytes/,
    reason: 'What the runtime says is passed on, and crun says it in other words.',
  },
  {
    where: /^inside\/file systems .*\/proc\/mounts/,
    line: /^[-+]\| \/(?:proc|sys)\/[a-z_]+ (?:tmpfs|devtmpfs|proc)\b/,
    reason:
      'crun hides a file under /dev/null where runc takes a tmpfs of the container’s, and mounts what is read-only with fewer options.',
  },
  {
    where: /^inside\/file systems .*ls -l \/dev/,
    line: /^\+\| lrwxrwxrwx root root \/proc\/kcore$/,
    reason: 'crun makes the link /dev/core, which runc left out.',
  },
  {
    where: /^files\/export .*tar t \| grep/,
    line: /^-\| dev\/(?:console|pts\/|shm\/)$/,
    reason: 'Mount points that Docker leaves in every container’s layer are made at the start here, and not in the layer.',
  },
  // --- registries and networks, which are not there yet
  {
    where: /docker create nosuchimage:1/,
    line: /registry-1\.docker\.io|pulling images from a registry/,
    reason: 'No registry is asked yet.',
  },
  {
    where: /docker create --network nothere alpine/,
    line: /^-\| <id-1>$|^\+! Error response from daemon: network nothere not found$|^\+= 1$/,
    reason: 'Docker notices at the start; only predefined networks are there to be joined yet, so create can tell.',
  },
  {
    where: /\$ docker info/,
    line: /^-\| "(?:KernelMemoryTCP|Official|Secure|Containerd|Namespaces|status)":$|^-\| +127\.0\.0\.0\/8$|^[-+]\|.*"IndexConfigs":/,
    reason: 'Docker tells of its registries, of its containerd and of what its runtimes can do. There are none of the first two.',
  },
  {
    client: 'pier',
    where: /\$ docker (?:info|version) /,
    line: /^-\| "(?:BuildTime|GitCommit)":?$|^\+\| "ApiVersion":$/,
    reason: 'What is not compiled has no commit and no time of that; the client’s version is told with the API’s.',
  },
  {
    client: 'pier',
    where: /\$ docker version \|/,
    line: /^[-+]\| +(?:Go version|Git commit|Built|Node version|API version)$/,
    reason: 'The same; and it runs on Node.',
  },
  {
    client: 'pier',
    where: /\$ docker context$/,
    line: /Import a context from a tar|Set the current (?:docker )?context$/,
    reason: 'Contexts in zip files cannot be read.',
  },
  {
    where: /info for people \$ docker info/,
    line: / Default Runtime: | Live Restore Enabled: | Insecure Registries:/,
    reason: 'crun is the default; containers always outlive the daemon; no registry is asked yet.',
  },
  { where: /--mount type=|--mount nonsense|^create-flags\/mounts \$ inspect-changes (?:bb|ee)$/, line: /^[-+]/, reason: NO_VOLUMES },
  { where: /\$ docker create -v \/x alpine$/, line: /^[-+]/, reason: NO_VOLUMES },
  { client: 'pier', where: /\$ docker volume (?:prune|inspect)/, line: /^[-+]/, reason: NO_VOLUMES },
  { client: 'pier', where: /\$ docker network prune/, line: /^[-+]/, reason: NO_NETWORKS },
  { where: /--network container:\w+|^create-flags\/isolation \$ inspect-changes net$/, line: /^[-+]/, reason: NO_NETWORKS },
  { where: / -p (?:99999:80|nonsense) alpine$/, line: /^[-+]/, reason: NO_NETWORKS },
  { where: / --expose nonsense/, line: /^[-+]/, reason: NO_NETWORKS },
  { where: / --mac-address nonsense/, line: /^[-+]/, reason: NO_NETWORKS },
  { where: / --add-host /, line: /^[-+]/, reason: NO_NETWORKS },
  { where: / --dns |^create-flags\/policies \$ inspect-changes ii$/, line: /^[-+]/, reason: NO_NETWORKS },
  // --- images
  {
    where: /docker inspect alpine$/,
    line: /"DockerVersion": |^\+\| +"(?:Descriptor|mediaType|digest|size)": |^\+\| +\},$|"sha256:<id-[23]>"$/,
    reason: 'Images are kept with their manifests, as Docker does with containerd’s store, and not made by any version of Docker.',
  },
  {
    where: /docker load$/,
    line: /repositories: no such file or directory|neither manifest\.json nor index\.json/,
    reason: 'Docker, too, wants a manifest, and tells of the file that images of before 2015 had.',
  },
  {
    where: /echo garbage \| docker (?:load|import)/,
    line: /unexpected EOF|Cannot read archive: /,
    reason: 'Says what is wrong.',
  },
  {
    where: /docker rmi -f lay:1 lay:2/,
    line: /^\+\| Deleted: sha256:H$/,
    reason: 'A save makes dockerd 28.5 forget to free the lowest of the layers.',
  },
  // --- pier's own CLI
  {
    client: 'pier',
    where: /docker images a b/,
    line: /^[-+]! S?Run 'docker images --help' for more information$/,
    reason: 'A slip of Docker’s: SRun.',
  },
  {
    client: 'pier',
    where: /docker system$/,
    line: /Manage [Dd]ocker$/,
    reason: 'It is a name there.',
  },
  {
    client: 'pier',
    where: /docker --version/,
    line: /[Dd]ocker version$/,
    reason: 'It is a name there.',
  },
  {
    client: 'pier',
    where: /docker load -i rootfs/,
    line: /read rootfs: is a directory$/,
    reason: 'Docker finds out in the middle of the request, and calls it an error of the connection.',
  },
  {
    client: 'pier',
    where: /docker run --rm --detach-keys nonsense/,
    line: /unable to upgrade to tcp, received 400|invalid detach keys/,
    reason: 'Says what is wrong.',
  },
];
