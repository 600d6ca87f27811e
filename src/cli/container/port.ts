import { CommandError } from '../command-error.ts';
import type { CommandContext } from '../command.ts';

const MAX_PORT = 65_535;

/** Runs `pier port`. */
export async function run({ args, client }: CommandContext): Promise<number> {
  const [name = '', wanted] = args;
  if (name.trim() === '') throw new CommandError('invalid container name or ID: value is empty');
  const { NetworkSettings: settings } = await client.containers.inspect(name);
  const published = Object.entries(settings.Ports ?? {}).flatMap(([port, bindings]) =>
    (bindings ?? []).map(({ HostIp: ip, HostPort: hostPort }) => ({
      port,
      address: `${ip?.includes(':') ? `[${ip}]` : (ip ?? '')}:${hostPort}`,
    })),
  );
  if (wanted === undefined) {
    print(published.map(({ port, address }) => `${port} -> ${address}`));
    return 0;
  }
  const key = parsePort(wanted);
  const found = published.filter(({ port }) => port === key);
  if (found.length === 0) throw new CommandError(`Error: No public port '${wanted}' published for ${name}`);
  print(found.map(({ address }) => address));
  return 0;
}

/** `80` is `80/tcp`. */
function parsePort(text: string): string {
  const [port = '', protocol = ''] = text.split('/');
  const problem = !/^\d+$/.test(port) ? 'invalid syntax' : Number(port) > MAX_PORT ? 'value out of range' : undefined;
  if (problem !== undefined)
    throw new CommandError(`Error: invalid port (${port}): strconv.ParseUint: parsing ${JSON.stringify(port)}: ${problem}`);
  return `${port}/${protocol || 'tcp'}`;
}

/** In the order of their numbers, 80 before 443. */
function print(lines: readonly string[]): void {
  const order = new Intl.Collator('en', { numeric: true });
  process.stdout.write(
    lines
      .toSorted((a, b) => order.compare(a, b))
      .map((line) => `${line}\n`)
      .join(''),
  );
}
