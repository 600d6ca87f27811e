import { CommandError } from '../command-error.ts';
import { ContextStore, DEFAULT_CONTEXT } from './context-store.ts';
import { defaultContext, endpointOf, parseEndpoint } from './endpoint.ts';
import type { LocalCommandContext } from '../command.ts';

/** Runs `pier context create`. */
export async function run({ args, flags, settings }: LocalCommandContext): Promise<number> {
  const [name = ''] = args;
  const store = new ContextStore(settings.configDirectory);
  ContextStore.checkName(name);
  if (store.exists(name)) throw new CommandError(`context "${name}" already exists`);
  const from = flags.string('from');
  if (from !== '' && flags.has('docker')) throw new CommandError('cannot use --docker flag when --from is set');
  if (flags.has('docker')) {
    const { endpoint, tls } = parseEndpoint(flags.list('docker'), store, settings);
    store.save({ Name: name, Metadata: describe(flags.string('description')), Endpoints: { docker: endpoint } }, tls);
  } else {
    const source = from === '' ? settings.contextName : from;
    const { endpoint, tls } = endpointOf(source, store, settings);
    const { Metadata: metadata } = source === DEFAULT_CONTEXT ? defaultContext(settings) : store.get(source);
    store.save({ Name: name, Metadata: { ...metadata, ...describe(flags.string('description')) }, Endpoints: { docker: endpoint } }, tls);
  }
  process.stdout.write(`${name}\n`);
  process.stderr.write(`Successfully created context "${name}"\n`);
  return 0;
}

function describe(description: string): { readonly Description?: string } {
  return description === '' ? {} : { Description: description };
}
