import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ago, humanDuration } from './human-duration.ts';
import { binarySize, humanSize } from './human-size.ts';
import { layOutColumns } from './tab-writer.ts';
import { displayPorts } from './ports.ts';

const HOUR = 3_600_000;

it('humanDuration() words durations as Docker does', () => {
  const cases: readonly (readonly [number, string])[] = [
    [999, 'Less than a second'],
    [1_999, '1 second'],
    [59_999, '59 seconds'],
    [119_999, 'About a minute'],
    [59 * 60_000, '59 minutes'],
    [HOUR, 'About an hour'],
    [1.5 * HOUR, '2 hours'],
    [47 * HOUR, '47 hours'],
    [48 * HOUR, '2 days'],
    [14 * 24 * HOUR, '2 weeks'],
    [60 * 24 * HOUR, '2 months'],
    [2 * 365 * 24 * HOUR, '2 years'],
  ];
  for (const [ms, text] of cases) assert.equal(humanDuration(ms), text);
});

it('ago() counts from Unix seconds', () => assert.equal(ago(1_000, 1_120_000), '2 minutes ago'));

it('humanSize() keeps four significant digits, or as many as asked', () => {
  assert.equal(humanSize(0), '0B');
  assert.equal(humanSize(1_000), '1kB');
  assert.equal(humanSize(7_797_760), '7.798MB');
  assert.equal(humanSize(7_797_760, 3), '7.8MB');
  assert.equal(humanSize(999_999, 3), '1e+03kB');
  assert.equal(binarySize(25_276_059_648), '23.54GiB');
});

it('layOutColumns() gives each block of lines its own column widths', () => {
  assert.equal(layOutColumns('a\tb\nlonger than ten\tc\n\nx\ty'), 'a                 b\nlonger than ten   c\n\nx         y');
});

it('displayPorts() joins runs of ports, published and not', () => {
  const published = (port: number, to: number) => ({ IP: '0.0.0.0', PrivatePort: port, PublicPort: to, Type: 'tcp' });
  assert.equal(
    displayPorts([published(81, 81), published(80, 80), { PrivatePort: 443, Type: 'tcp' }]),
    '0.0.0.0:80-81->80-81/tcp, 443/tcp',
  );
  assert.equal(
    displayPorts([published(80, 8080), { IP: '::', PrivatePort: 80, PublicPort: 80, Type: 'udp' }]),
    '[::]:80->80/udp, 0.0.0.0:8080->80/tcp',
  );
});
