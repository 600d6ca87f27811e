import type { ErrorFacts } from '../base/errors.ts';
import { CREATE_FAILED, INIT_FAILED } from './runtime-phrases.ts';

const DECODING = 'Decoding seccomp profile failed: ';
/** Where the runtime of Docker's says it, which is never another. */
const CREATING = `${CREATE_FAILED}runc create failed: `;

/** Docker's words for what is wrong with a seccomp profile. */
export const SECCOMP_WORDING: Readonly<Record<string, (facts: ErrorFacts) => string>> = {
  'seccomp.bad-json': ({ character = '' }) =>
    DECODING + (character === '' ? 'unexpected end of JSON input' : `invalid character '${character}' looking for beginning of value`),
  'seccomp.bad-type': badType,
  'seccomp.bad-kernel': badKernel,
  'seccomp.both': ({ first, second }) =>
    `both '${first}' and '${second}' are specified in the seccomp profile, use either '${first}' or '${second}'`,
  'seccomp.bad-value': ({ kind, value }) => `${CREATING}string ${value} is not a valid ${kind} for seccomp`,
  'seccomp.bad-argument': ({ syscall, index }) =>
    `${CREATING}${INIT_FAILED}error creating seccomp syscall condition for syscall ${syscall}: ` +
    `syscalls only have up to 6 arguments (${index} given)`,
  'seccomp.empty-name': () => `${CREATING}${INIT_FAILED}empty string is not a valid syscall`,
  'seccomp.no-listener': () => `${CREATING}${INIT_FAILED}seccomp listenerPath is not set`,
  'seccomp.default-notify': () => `${CREATING}${INIT_FAILED}SCMP_ACT_NOTIFY cannot be used as default action`,
  'seccomp.listener': () => 'listenerPath in a seccomp profile is not supported by pier yet',
};

/** Docker looks at a profile when the container starts: all of it is the server's error. */
export const SECCOMP_STATUS: Readonly<Record<string, number>> = Object.fromEntries(
  Object.keys(SECCOMP_WORDING)
    .filter((reason) => reason !== 'seccomp.listener')
    .map((reason) => [reason, 500]),
);

/** Go's types of the fields, by the field's path without the places in lists. */
const GO_TYPES: Readonly<Record<string, string>> = {
  '': 'seccomp.Seccomp',
  defaultAction: 'specs.LinuxSeccompAction',
  architectures: '[]specs.Arch',
  'architectures.#': 'specs.Arch',
  archMap: '[]seccomp.Architecture',
  'archMap.#': 'seccomp.Architecture',
  'archMap.#.architecture': 'specs.Arch',
  'archMap.#.subArchitectures': '[]specs.Arch',
  'archMap.#.subArchitectures.#': 'specs.Arch',
  flags: '[]specs.LinuxSeccompFlag',
  'flags.#': 'specs.LinuxSeccompFlag',
  syscalls: '[]*seccomp.Syscall',
  'syscalls.#': 'seccomp.Syscall',
  'syscalls.#.action': 'specs.LinuxSeccompAction',
  'syscalls.#.args': '[]specs.LinuxSeccompArg',
  'syscalls.#.args.#': 'specs.LinuxSeccompArg',
  'syscalls.#.args.#.value': 'uint64',
  'syscalls.#.args.#.valueTwo': 'uint64',
  'syscalls.#.args.#.op': 'specs.LinuxSeccompOperator',
  'syscalls.#.includes': 'seccomp.Filter',
  'syscalls.#.excludes': 'seccomp.Filter',
  defaultErrnoRet: 'uint',
  'syscalls.#.errnoRet': 'uint',
  'syscalls.#.args.#.index': 'uint',
  'syscalls.#.names': '[]string',
  'syscalls.#.includes.caps': '[]string',
  'syscalls.#.includes.arches': '[]string',
  'syscalls.#.excludes.caps': '[]string',
  'syscalls.#.excludes.arches': '[]string',
};

function badType({ field = '', found = '', value = '' }: ErrorFacts): string {
  const type = GO_TYPES[field.replaceAll(/\b\d+\b/g, '#')] ?? 'string';
  const what = `json: cannot unmarshal ${found}${value === '' ? '' : ` ${value}`} into`;
  if (field === '') return `${DECODING}${what} Go value of type ${type}`;
  const isItem = /\.\d+$/.test(field);
  return `${DECODING}${what} ${isItem ? '' : 'Go struct field '}Seccomp.${field} of type ${type}`;
}

function badKernel({ version = '', problem }: ErrorFacts): string {
  const text = `${DECODING}invalid kernel version: ${version}, expected "<kernel>.<major>"`;
  if (problem === 'zero') return `${text}: version cannot be 0.0`;
  return problem === 'type' ? `${text}: json: cannot unmarshal number into Go value of type string` : text;
}
