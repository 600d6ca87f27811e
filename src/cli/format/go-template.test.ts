import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { compileGoTemplate } from './go-template.ts';
import { GoTemplateError } from './go-template-error.ts';
import { GoStruct } from './go-value.ts';

interface RecordedCase {
  readonly template: string;
  readonly output?: string;
  readonly error?: string;
}

/** What `docker inspect --format` of Docker 28.5 printed for a container like `CONTAINER`. */
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the file beside this one
const RECORDED = JSON.parse(readFileSync(new URL('testdata/go-template.json', import.meta.url), 'utf8')) as readonly RecordedCase[];

const CONTAINER = {
  Id: 'dc8c4f3902ffeb14c0d7ad7864d19f6606b81d80bea577c1163571bbcec4de1d',
  Name: '/web',
  State: { Status: 'running', Running: true, Paused: false, Pid: 27189 },
  Config: { Cmd: ['sh', '-c', 'sleep 1000'], Env: null, Entrypoint: null, Labels: { a: 'b', x: 'y', 'z.w': 'q' } },
  HostConfig: { Memory: 0, LogConfig: { Type: 'json-file', Config: {} } },
  NetworkSettings: { Ports: {}, Networks: { none: { IPAddress: '' } } },
  Mounts: [],
};

describe('compileGoTemplate() does what Docker 28.5 does', () => {
  for (const { template, output, error } of RECORDED) {
    it(template, () => {
      const run = (): string => compileGoTemplate(template).run(CONTAINER, { missingKey: 'error' });
      if (error === undefined) assert.equal(run(), output);
      else assert.throws(run, (thrown) => thrown instanceof GoTemplateError && thrown.message === error);
    });
  }
});

it('run() gives <no value> for what a map does not hold', () => {
  assert.equal(compileGoTemplate('{{.Config.Labels.nope}}').run(CONTAINER), '<no value>');
});

it('run() gives the empty string for an index that a map of strings does not hold', () => {
  assert.equal(compileGoTemplate('{{index .Config.Labels "nope"}}').run(CONTAINER), '');
});

it('run() prints integers past 2^53 exactly', () => {
  assert.equal(compileGoTemplate('{{.}} {{json .}} {{printf "%d" .}}').run(1795772425677862047n), '1795772425677862047 '.repeat(3).trim());
});

it('run() reaches the fields of embedded structs and prints them as one', () => {
  const inner = new GoStruct('inner', new Map([['A', 'x']]), () => '{"A":"x"}');
  const outer = new GoStruct('outer', new Map([['Inner', inner]]), () => '{"A":"x"}', ['Inner']);
  assert.equal(compileGoTemplate('{{.A}} {{.Inner.A}} {{.}} {{json .}}').run(outer), 'x x {{x}} {"A":"x"}');
});

it('run() names the line and column of a failure below the first line', () => {
  assert.throws(
    () => compileGoTemplate('a\n  {{.Name.Foo}}').run(CONTAINER, { missingKey: 'error' }),
    /^GoTemplateError: template: :2:9: /,
  );
});
