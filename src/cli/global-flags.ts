import type { FlagDefinition } from './command.ts';

/** Flags that stand before the command. */
export const GLOBAL_FLAGS: readonly FlagDefinition[] = [
  {
    long: 'config',
    kind: 'string',
    description: 'Location of client config files (default PIER_CONFIG, DOCKER_CONFIG or "~/.docker")',
  },
  {
    long: 'context',
    short: 'c',
    kind: 'string',
    description:
      'Name of the context to use to connect to the daemon (overrides DOCKER_HOST env var and default context set with "pier context use")',
  },
  { long: 'debug', short: 'D', kind: 'bool', description: 'Enable debug mode' },
  { long: 'host', short: 'H', kind: 'list', valueName: 'string', description: 'Daemon socket to connect to' },
  {
    long: 'log-level',
    short: 'l',
    kind: 'string',
    default: 'info',
    shownDefault: '"info"',
    description: 'Set the logging level ("debug", "info", "warn", "error", "fatal")',
  },
  { long: 'tls', kind: 'bool', description: 'Use TLS; implied by --tlsverify' },
  { long: 'tlscacert', kind: 'string', description: 'Trust certs signed only by this CA (default ca.pem beside the config)' },
  { long: 'tlscert', kind: 'string', description: 'Path to TLS certificate file (default cert.pem beside the config)' },
  { long: 'tlskey', kind: 'string', description: 'Path to TLS key file (default key.pem beside the config)' },
  { long: 'tlsverify', kind: 'bool', description: 'Use TLS and verify the remote' },
  { long: 'version', short: 'v', kind: 'bool', description: 'Print version information and quit' },
];
