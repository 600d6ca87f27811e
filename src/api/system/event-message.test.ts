import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EngineEvent } from '../../engine.ts';
import { matchesEvent, toEventMessage } from './event-message.ts';

function event(fields: Partial<EngineEvent>): EngineEvent {
  return { type: 'container', action: 'start', actorId: 'abc', attributes: {}, timeNs: 1_500_000_000_000_000_001n, ...fields };
}

function matches(fields: Partial<EngineEvent>, key: string, ...terms: readonly string[]): boolean {
  return matchesEvent(event(fields), new Map([[key, terms]]));
}

test('matchesEvent() takes actions as they are, and beginnings where actions go on after a colon', () => {
  const healthy = { action: 'health_status: healthy' };
  assert.ok(matches(healthy, 'event', 'health_status') && matches(healthy, 'event', 'health_status: healthy'));
  assert.ok(!matches(healthy, 'event', 'health_status: unhealthy') && !matches(healthy, 'event', 'health'));
  assert.ok(matches({ action: 'exec_create: ls ' }, 'event', 'exec_create'));
  assert.ok(!matches({ action: 'start' }, 'event', 'sta') && matches({ action: 'start' }, 'event', 'stop', 'start'));
  assert.ok(matches({ action: 'start' }, 'event', 'sta', 'exec_start'));
});

test('matchesEvent() takes beginnings of ids and names for actors', () => {
  const named = { attributes: { name: 'web-1' } };
  assert.ok(matches(named, 'container', 'web') && matches(named, 'container', 'ab') && !matches(named, 'container', 'eb-1'));
  assert.ok(matches({ ...named, type: 'image' }, 'container', 'web-1') && !matches(named, 'network', 'bridge'));
});

test("matchesEvent() takes an image's name with or without its tag", () => {
  const made = { attributes: { image: 'repo/alpine:3' } };
  assert.ok(matches(made, 'image', 'repo/alpine:3') && matches(made, 'image', 'repo/alpine'));
  assert.ok(!matches(made, 'image', 'repo/alpine:4') && !matches(made, 'image', 'repo'));
  assert.ok(matches({ type: 'image', attributes: { name: 'alpine:3' } }, 'image', 'alpine') && matches({}, 'image', 'abc'));
});

test('matchesEvent() wants all labels, and all keys', () => {
  const labelled = { attributes: { a: '1', b: '' } };
  assert.ok(matches(labelled, 'label', 'a', 'b') && matches(labelled, 'label', 'a=1') && !matches(labelled, 'label', 'a', 'c'));
  const filters = new Map([
    ['type', ['container']],
    ['scope', ['swarm']],
  ]);
  assert.ok(!matchesEvent(event({}), filters) && matches({}, 'scope', 'local') && matches({}, 'unknown', 'x'));
});

test('toEventMessage() keeps nanoseconds and repeats what old clients read, where there is something', () => {
  const message = toEventMessage(event({ attributes: { image: 'alpine' } }));
  assert.match(message, /^\{"status":"start","id":"abc","from":"alpine","Type":"container",.*"timeNano":1500000000000000001\}\n$/);
  assert.match(toEventMessage(event({ action: 'prune', actorId: '' })), /^\{"status":"prune","Type":"container",.*"ID":""/);
  assert.match(toEventMessage(event({ type: 'network', action: 'connect' })), /^\{"Type":"network"/);
});
