import type { EngineEvent } from '../../engine.ts';
import type { EventMessage, Filters } from '../../wire/index.ts';

/** An event as a line of JSON. */
export function toEventMessage(event: EngineEvent): string {
  const { type, action, actorId, attributes, timeNs } = event;
  const message: Omit<EventMessage, 'timeNano'> = {
    ...legacyFields(event),
    Type: type,
    Action: action,
    Actor: { ID: actorId, Attributes: attributes },
    scope: 'local',
    time: Number(timeNs / 1_000_000_000n),
  };
  // Nanoseconds do not fit into a number, and JSON.stringify takes no bigint.
  return `${JSON.stringify(message).slice(0, -1)},"timeNano":${timeNs}}\n`;
}

// Old clients read these; Docker sends them for containers and images only.
function legacyFields({ type, action, actorId, attributes }: EngineEvent): Pick<EventMessage, 'status' | 'id' | 'from'> {
  if (type === 'container') return { status: action, id: actorId, from: attributes['image'] ?? '' };
  if (type === 'image') return { status: action, id: actorId };
  return {};
}

/** Tells whether an event passes the filters: the terms of one key are alternatives (labels must all hold), keys must all hold. */
export function matchesEvent(event: EngineEvent, filters: Filters): boolean {
  for (const [key, terms] of filters) {
    if (terms.length > 0 && !matchesKey(event, key, terms)) return false;
  }
  return true;
}

function matchesKey(event: EngineEvent, key: string, terms: readonly string[]): boolean {
  switch (key) {
    case 'type':
      return terms.includes(event.type);
    case 'event':
      return terms.some((term) => event.action === term || event.action.startsWith(`${term}:`));
    case 'scope':
      return terms.includes('local');
    case 'label':
      return terms.every((term) => hasLabel(event.attributes, term));
    case 'image':
      return terms.some((term) => isImage(event, term));
    case 'container':
    case 'network':
    case 'daemon':
    case 'volume':
    case 'plugin':
    case 'service':
    case 'node':
    case 'secret':
    case 'config':
      return event.type === key && terms.some((term) => isActor(event, term));
    default:
      // Docker lets keys pass that it does not know.
      return true;
  }
}

function hasLabel(attributes: Readonly<Record<string, string>>, term: string): boolean {
  const mark = term.indexOf('=');
  if (mark < 0) return Object.hasOwn(attributes, term);
  return attributes[term.slice(0, mark)] === term.slice(mark + 1);
}

function isActor({ actorId, attributes }: EngineEvent, term: string): boolean {
  return term !== '' && (actorId.startsWith(term) || attributes['name'] === term.replace(/^\//, ''));
}

function isImage({ type, actorId, attributes }: EngineEvent, term: string): boolean {
  if (type !== 'image' && type !== 'container') return false;
  const names = type === 'image' ? [actorId, attributes['name']] : [attributes['image']];
  return names.some((name) => name !== undefined && (name === term || withoutTag(name) === withoutTag(term)));
}

function withoutTag(name: string): string {
  return name.startsWith('sha256:') ? name : name.replace(/:[^:/]*$/, '');
}
