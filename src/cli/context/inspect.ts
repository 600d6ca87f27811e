import { shape } from '../format/shape.ts';
import { inspectAll } from '../format/inspect.ts';
import { ContextStore, DEFAULT_CONTEXT } from './context-store.ts';
import { defaultContext, defaultTlsFiles } from './endpoint.ts';
import type { LocalCommandContext } from '../command.ts';
import type { Inspected } from '../format/inspect.ts';

/** Where the default context is. */
const IN_MEMORY = '<IN MEMORY>';

/** The struct that `docker context inspect` gives to templates. Its metadata has only what is known of every context. */
const CONTEXT_SHAPE = shape(
  'context.contextWithTLSListing',
  { as: 'Metadata', embed: shape('store.Metadata', 'Name', 'Metadata:a', 'Endpoints:m') },
  'TLSMaterial:m',
  ['Storage', shape('store.StorageInfo', 'MetadataPath', 'TLSPath')],
);

/** Runs `pier context inspect`. */
export async function run({ args, flags, settings }: LocalCommandContext): Promise<number> {
  const names = args.length === 0 ? [settings.contextName] : args;
  const store = new ContextStore(settings.configDirectory);
  const fetchOne = async (name: string): Promise<Inspected> => {
    const isDefault = name === DEFAULT_CONTEXT;
    const { Name, Metadata, Endpoints } = isDefault ? { ...defaultContext(settings), Metadata: {} } : store.get(name);
    const files = [...(isDefault ? defaultTlsFiles(settings) : store.tlsFiles(name)).keys()];
    const storage = {
      MetadataPath: isDefault ? IN_MEMORY : store.metadataPath(name),
      TLSPath: isDefault ? IN_MEMORY : store.tlsPath(name),
    };
    const value = { Name, Metadata, Endpoints, TLSMaterial: files.length === 0 ? {} : { docker: files }, Storage: storage };
    return { value, shape: CONTEXT_SHAPE, isOurs: true };
  };
  return await inspectAll(names, flags.string('format'), fetchOne, (error) => (error instanceof Error ? error.message : String(error)));
}
