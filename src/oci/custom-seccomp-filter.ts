import { PierError } from '../base/errors.ts';
import { isSeccompAction, isSeccompArchitecture, isSeccompComparison } from '../linux/index.ts';
import type { SeccompAction, SeccompArgument, SeccompFilter, SeccompRule } from '../linux/index.ts';
import { readSeccompProfile } from './read-seccomp-profile.ts';
import type { WrittenCondition, WrittenProfile, WrittenRule } from './read-seccomp-profile.ts';
import { nativeArchitectures, countsFor } from './seccomp-profile.ts';
import type { SeccompCondition, SeccompTarget } from './seccomp-profile.ts';

/** What the kernel compares of a system call at most. */
const MAX_ARGUMENTS = 6;

/**
 * The filter that a person's profile means for one machine and one set of capabilities.
 *
 * @param text JSON in Docker's format.
 * @returns `undefined` if the profile asks for no filter.
 * @throws {PierError} `InvalidArgument`, reasons as of `readSeccompProfile`, and `seccomp.both` (facts `{ first, second }`, names of
 * fields of which one is right), `seccomp.bad-value` (facts `{ kind, value }`: `action`, `operator` or `arch`), `seccomp.bad-argument`
 * (facts `{ syscall, index }`), `seccomp.empty-name`, `seccomp.no-listener`, `seccomp.default-notify`; `NotImplemented`, reason `seccomp.listener`.
 */
export function customSeccompFilter(text: string, target: SeccompTarget): SeccompFilter | undefined {
  const profile = readSeccompProfile(text);
  const rules = profile.syscalls ?? [];
  if ((profile.defaultAction ?? '') === '' && rules.length === 0) return undefined;
  const architectures = architecturesOf(profile, target);
  const counting = rules
    .filter((rule) => rule !== null)
    .filter((rule) => countsFor(target, conditionOf(rule.includes), conditionOf(rule.excludes)));
  const named = counting.map((rule) => ({ rule, names: namesOf(rule) }));
  const defaultAction = actionOf(profile.defaultAction ?? '');
  for (const name of architectures) if (!isSeccompArchitecture(name)) throw badValue('arch', name);
  const syscalls = named.map(({ rule, names }) => ruleOf(rule, names));
  refuseListener(profile, defaultAction, syscalls);
  return {
    defaultAction,
    ...(typeof profile.defaultErrnoRet === 'number' ? { defaultErrnoRet: profile.defaultErrnoRet } : {}),
    architectures,
    ...((profile.flags ?? []).length === 0 ? {} : { flags: profile.flags ?? [] }),
    syscalls,
  };
}

function architecturesOf({ architectures, archMap }: WrittenProfile, target: SeccompTarget): readonly string[] {
  const given = architectures ?? [];
  const map = archMap ?? [];
  if (given.length > 0 && map.length > 0) throw both('architectures', 'archMap');
  if (given.length > 0) return given;
  return nativeArchitectures(
    map.map((item) => ({ architecture: item.architecture ?? '', subArchitectures: item.subArchitectures ?? [] })),
    target,
  );
}

function conditionOf(condition: WrittenCondition | null | undefined): SeccompCondition {
  return {
    arches: condition?.arches ?? [],
    caps: condition?.caps ?? [],
    ...(typeof condition?.minKernel === 'string' ? { minKernel: condition.minKernel } : {}),
  };
}

function namesOf({ name, names }: WrittenRule): readonly string[] {
  const list = names ?? [];
  if ((name ?? '') === '') return list;
  if (list.length > 0) throw both('name', 'names');
  return [name ?? ''];
}

function ruleOf(rule: WrittenRule, names: readonly string[]): SeccompRule {
  const args = (rule.args ?? []).map((argument): SeccompArgument => {
    const { index = 0, value = 0, valueTwo, op = '' } = argument;
    if (!isSeccompComparison(op)) throw badValue('operator', op);
    return { index, value, ...(valueTwo === undefined ? {} : { valueTwo }), op };
  });
  const action = actionOf(rule.action ?? '');
  for (const name of names) if (name === '') throw invalid('a rule names no system call', 'seccomp.empty-name', {});
  for (const { index } of args) {
    if (index < MAX_ARGUMENTS) continue;
    const facts = { syscall: names[0] ?? '', index: String(index) };
    throw invalid(`system calls have no argument ${index}`, 'seccomp.bad-argument', facts);
  }
  return {
    names,
    action,
    ...(typeof rule.errnoRet === 'number' ? { errnoRet: rule.errnoRet } : {}),
    ...(args.length === 0 ? {} : { args }),
  };
}

function actionOf(name: string): SeccompAction {
  if (isSeccompAction(name)) return name;
  throw badValue('action', name);
}

/** Handing system calls to another program for its decision takes that program. */
function refuseListener(profile: WrittenProfile, defaultAction: SeccompAction, rules: readonly SeccompRule[]): void {
  if (defaultAction === 'SCMP_ACT_NOTIFY')
    throw invalid("not every system call can be another program's decision", 'seccomp.default-notify', {});
  if (!rules.some(({ action }) => action === 'SCMP_ACT_NOTIFY')) return;
  if ((profile.listenerPath ?? '') === '') throw invalid('it names no listener', 'seccomp.no-listener', {});
  throw new PierError('NotImplemented', 'Cannot use seccomp profile: listeners are not supported', { reason: 'seccomp.listener' });
}

function both(first: string, second: string): PierError {
  return invalid(`it has both "${first}" and "${second}"`, 'seccomp.both', { first, second });
}

function badValue(kind: 'action' | 'operator' | 'arch', value: string): PierError {
  return invalid(`there is no ${kind} "${value}"`, 'seccomp.bad-value', { kind, value });
}

function invalid(problem: string, reason: string, facts: Readonly<Record<string, string>>): PierError {
  return new PierError('InvalidArgument', `Cannot use seccomp profile: ${problem}`, { reason, facts });
}
