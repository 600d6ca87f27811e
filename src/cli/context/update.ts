import { ContextStore } from './context-store.ts';
import { parseEndpoint } from './endpoint.ts';
import type { LocalCommandContext } from '../command.ts';

/** Runs `pier context update`. */
export async function run({ args, flags, settings }: LocalCommandContext): Promise<number> {
  const [name = ''] = args;
  const store = new ContextStore(settings.configDirectory);
  ContextStore.checkName(name);
  const context = store.get(name);
  const description = flags.string('description');
  const metadata = { ...context.Metadata, ...(description !== '' && { Description: description }) };
  const changed = flags.has('docker') ? parseEndpoint(flags.list('docker'), store, settings) : undefined;
  const endpoints = { ...context.Endpoints, ...(changed !== undefined && { docker: changed.endpoint }) };
  store.save({ ...context, Metadata: metadata, Endpoints: endpoints }, changed?.tls);
  process.stdout.write(`${name}\n`);
  process.stderr.write(`Successfully updated context "${name}"\n`);
  return 0;
}
