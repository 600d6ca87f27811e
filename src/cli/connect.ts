import type { Client } from '../client/index.ts';
import type { CommandContext } from './command.ts';
import type { ClientSettings } from './config/client-settings.ts';

/**
 * Makes a client of the chosen daemon. Nothing is connected yet.
 *
 * @param mayStart Start pier's own daemon if none runs, where nobody named another.
 */
export async function connect(settings: ClientSettings, mayStart: boolean): Promise<Pick<CommandContext, 'client' | 'host'>> {
  const [{ Client }, { host, tls, isOwn }] = await Promise.all([import('../client/index.ts'), settings.endpoint()]);
  const apiVersion = process.env['DOCKER_API_VERSION'];
  const onUnreachable = async (): Promise<boolean> => await (await import('./daemon-autostart.ts')).startDaemon(host);
  const client: Client = new Client({
    host,
    headers: settings.config.httpHeaders,
    ...(tls !== undefined && { tls }),
    ...(apiVersion && { apiVersion }),
    ...(mayStart && isOwn && { onUnreachable }),
  });
  return { client, host };
}
