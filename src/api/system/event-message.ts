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
  if (type !== 'container' && type !== 'image') return {};
  const from = type === 'container' ? attributes['image'] : undefined;
  return { status: action, ...(actorId !== '' && { id: actorId }), ...(from !== undefined && from !== '' && { from }) };
}

const OPEN_ACTIONS: ReadonlySet<string> = new Set(['health_status', 'exec_create', 'exec_start']);

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
      // One of the three whose actions go on after a colon makes beginnings of all terms.
      return terms.some((term) => OPEN_ACTIONS.has(term))
        ? terms.some((term) => event.action.startsWith(term))
        : terms.includes(event.action);
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
      return terms.some((term) => isActor(event, term));
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

// The beginning of an id or a name, of whatever type the event is: Docker does not look.
function isActor({ actorId, attributes }: EngineEvent, term: string): boolean {
  return actorId.startsWith(term) || (attributes['name'] ?? '').startsWith(term);
}

function isImage({ type, actorId, attributes }: EngineEvent, term: string): boolean {
  const name = attributes[type === 'image' ? 'name' : 'image'] ?? '';
  return [actorId, name, withoutTag(name)].includes(term);
}

function withoutTag(name: string): string {
  return name.startsWith('sha256:') ? name : name.replace(/:[^:/]*$/, '');
}
