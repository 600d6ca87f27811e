import assert from 'node:assert/strict';
import { it } from 'node:test';
import { CONTAINER_SHAPE } from './container-shape.ts';
import { compileGoTemplate } from './go-template.ts';
import { listOf, mapOf, pointerTo, shape, toStruct } from './shape.ts';
import type { GoValue } from './go-value.ts';

const PART = shape('part', 'A', 'B:i~');
const WHOLE = shape('whole', 'ID=Id', ['Maybe', pointerTo(PART)], ['List', listOf(PART)], ['Map~', mapOf(PART)], 'Words:l', {
  embed: PART,
  as: 'Part',
});

function format(template: string, value: GoValue): string {
  return compileGoTemplate(template).run(toStruct(value, WHOLE));
}

it('toStruct() fills in zero values, and nil for pointers', () => {
  assert.equal(format('{{.}}', { Id: 'x' }), '{x <nil> [] map[] [] { 0}}');
});

it('toStruct() has fields under their Go names, those of embedded structs included', () => {
  assert.equal(format('{{.ID}} {{.A}} {{.Part.A}} {{(index .List 0).B}}', { Id: 'x', A: 'a', List: [{ B: 3 }] }), 'x a a 3');
  assert.throws(() => format('{{.Id}}', { Id: 'x' }), /can't evaluate field Id in type whole/);
});

it('toStruct() writes JSON in the order of the fields, empty ones left out where Go leaves them out', () => {
  assert.equal(format('{{json .}}', { A: 'a', Id: 'x', Words: null }), '{"Id":"x","Maybe":null,"List":null,"Words":null,"A":"a"}');
  assert.equal(format('{{json .Map}}{{json .Words}}', { Map: { k: { A: 'a', B: 1 } }, Words: [] }), '{"k":{"A":"a","B":1}}[]');
});

it('toStruct() prints the state of a container as docker inspect does', () => {
  const StartedAt = '2026-11-27T09:26:30.112439775Z';
  const State = { Status: 'running', Running: true, Pid: 18319, ExitCode: 0, StartedAt, FinishedAt: '0001-01-01T00:00:00Z' };
  const text = compileGoTemplate('{{.State}}').run(toStruct({ State }, CONTAINER_SHAPE));
  assert.equal(text, `{running true false false false false 18319 0  ${StartedAt} 0001-01-01T00:00:00Z <nil>}`);
});
