import type { Method, Route } from './route.ts';
import { dockerError, notSupported } from './errors.ts';
import { sendJson } from './respond.ts';

// Operations of Docker's API that pier does not have, so that clients read what is missing instead of "page not found".
const UNSUPPORTED: readonly (readonly [Method, string, string])[] = [
  ['GET', '/containers/{id}/attach/ws', 'attach over a websocket'],
  ['POST', '/build', 'building images'],
  ['POST', '/build/cancel', 'building images'],
  ['POST', '/session', 'building images'],
  ['POST', '/grpc', 'building images'],
  ['POST', '/images/{name...}/push', 'pushing to registries'],
  ['GET', '/images/{name...}/attestations', 'image attestations'],
  ['GET', '/images/search', 'searching registries'],
  ['GET', '/distribution/{name...}/json', 'looking up images in registries'],
  ['POST', '/auth', 'logging in to registries'],
  ['POST', '/volumes/create', 'creating volumes'],
  ['PUT', '/volumes/{name...}', 'updating volumes'],
  ['POST', '/networks/create', 'creating networks'],
  ['POST', '/networks/{id}/connect', 'connecting containers to networks'],
  ['POST', '/networks/{id}/disconnect', 'disconnecting containers from networks'],
  ['DELETE', '/networks/{id}', 'removing networks'],
  ['GET', '/plugins/privileges', 'plugins'],
  ['POST', '/plugins/pull', 'plugins'],
  ['DELETE', '/plugins/{name...}', 'plugins'],
  ['POST', '/plugins/{name...}/enable', 'plugins'],
  ['POST', '/plugins/{name...}/disable', 'plugins'],
  ['POST', '/plugins/{name...}/upgrade', 'plugins'],
  ['POST', '/plugins/create', 'plugins'],
  ['POST', '/plugins/{name...}/push', 'plugins'],
  ['POST', '/plugins/{name...}/set', 'plugins'],
  ['POST', '/swarm/init', 'swarm mode'],
  ['POST', '/swarm/join', 'swarm mode'],
];

// What an engine answers that is in no swarm: clients look for these words and take them for "nothing of that kind here".
const SWARM: readonly (readonly [Method, string])[] = [
  ['GET', '/nodes'],
  ['GET', '/nodes/{id}'],
  ['DELETE', '/nodes/{id}'],
  ['POST', '/nodes/{id}/update'],
  ['GET', '/services'],
  ['POST', '/services/create'],
  ['GET', '/services/{id}'],
  ['DELETE', '/services/{id}'],
  ['POST', '/services/{id}/update'],
  ['GET', '/services/{id}/logs'],
  ['GET', '/tasks'],
  ['GET', '/tasks/{id}'],
  ['GET', '/tasks/{id}/logs'],
  ['GET', '/secrets'],
  ['POST', '/secrets/create'],
  ['GET', '/secrets/{id}'],
  ['DELETE', '/secrets/{id}'],
  ['POST', '/secrets/{id}/update'],
  ['GET', '/configs'],
  ['POST', '/configs/create'],
  ['GET', '/configs/{id}'],
  ['DELETE', '/configs/{id}'],
  ['POST', '/configs/{id}/update'],
  ['GET', '/swarm'],
  ['POST', '/swarm/leave'],
  ['POST', '/swarm/update'],
  ['GET', '/swarm/unlockkey'],
  ['POST', '/swarm/unlock'],
];

const NOT_A_MANAGER =
  'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.';

/** Answers for what Docker has and pier has not. */
export const UNSUPPORTED_ROUTES: readonly Route[] = [
  {
    method: 'GET',
    path: '/plugins',
    handle: ({ response }) => sendJson(response, 200, []),
  },
  {
    method: 'GET',
    path: '/plugins/{name...}/json',
    handle({ request }) {
      throw dockerError('NotFound', `plugin "${request.param('name')}" not found`);
    },
  },
  ...SWARM.map(([method, path]): Route => ({
    method,
    path,
    handle() {
      throw dockerError('Unavailable', path === '/swarm/leave' ? 'This node is not part of a swarm' : NOT_A_MANAGER);
    },
  })),
  ...UNSUPPORTED.map(([method, path, subject]): Route => ({
    method,
    path,
    handle() {
      throw notSupported(subject);
    },
  })),
];
