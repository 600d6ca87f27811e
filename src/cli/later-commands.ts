const NO_REGISTRY =
  "pier cannot talk to registries yet. Images come in with 'pier load' and 'pier import', for example: docker save alpine | pier load";
const NO_BUILD = "pier cannot build images yet. 'pier commit' makes one of a container, 'pier import' one of a directory's tar";
const NO_NETWORKS = "pier has the networks bridge, host and none, and cannot make others yet. 'pier network ls' lists them";
const NO_VOLUMES = 'pier has no volumes yet. A directory of the host does in their place: pier run -v /srv/data:/data …';
const NO_SWARM = 'pier runs containers on one machine, and has no swarm yet';
const NO_PLUGINS = 'pier has no plugins';

/** Why a command of Docker's is not there, by its words; a group's word stands for all of its commands. */
const REASONS: Readonly<Record<string, string>> = {
  bake: NO_BUILD,
  build: NO_BUILD,
  builder: NO_BUILD,
  buildx: NO_BUILD,
  'image build': NO_BUILD,
  'image pull': NO_REGISTRY,
  'image push': NO_REGISTRY,
  login: NO_REGISTRY,
  logout: NO_REGISTRY,
  manifest: NO_REGISTRY,
  pull: NO_REGISTRY,
  push: NO_REGISTRY,
  search: NO_REGISTRY,
  trust: NO_REGISTRY,
  'network connect': NO_NETWORKS,
  'network create': NO_NETWORKS,
  'network disconnect': NO_NETWORKS,
  'network prune': NO_NETWORKS,
  'network rm': NO_NETWORKS,
  volume: NO_VOLUMES,
  compose:
    "pier has no compose yet. Docker's runs on pier's socket those services that name a network: 'network_mode: bridge', 'host' or 'none'",
  checkpoint: 'pier cannot freeze containers to disk yet. Pausing keeps them in memory: pier pause CONTAINER',
  config: NO_SWARM,
  node: NO_SWARM,
  secret: NO_SWARM,
  service: NO_SWARM,
  stack: NO_SWARM,
  swarm: NO_SWARM,
  plugin: NO_PLUGINS,
};

/** First words of Docker's that pier has no commands for. They are refused by name. */
export function isLaterWord(word: string): boolean {
  return Object.hasOwn(REASONS, word);
}

/** The refusal of a command of Docker's that pier does not have, with what to do in its place. */
export function refusalOf(path: string): string {
  const [first = ''] = path.split(' ');
  const reason = REASONS[path] ?? REASONS[first];
  return `pier: 'pier ${path}' is not supported yet${reason === undefined ? '' : `\n\n${reason}`}`;
}
