/**
 * npm run differential: sends the command lines in `cases/` to pier by Docker's CLI and by pier's own, and compares what is
 * printed with what Docker answers: with the dockerd at `PIER_TEST_PEER_SOCKET`, or with the recording in `golden/`.
 *
 *   --only NAME       cases whose TOPIC/TITLE begins with NAME
 *   --client CLIENT   docker or pier
 *   --record          writes what the dockerd answers to `golden/` instead; nothing runs on pier
 */
import { parseArgs } from 'node:util';
import type { Case } from './case-file.ts';
import type { Peer } from './target.ts';
import type { Transcript } from './transcript.ts';

const { values } = parseArgs({
  options: { only: { type: 'string' }, client: { type: 'string' }, record: { type: 'boolean', default: false } },
});
const peer = takePeer();
// The harness would take the peer for the daemon under test, so it is loaded when the variable is gone.
const { readCases } = await import('./case-file.ts');
const { connectPeer } = await import('./target.ts');
const { comparePier, runQueue } = await import('./run-all.ts');
const { readRecording, writeRecording } = await import('./transcript.ts');
const { printReport } = await import('./print-report.ts');

const all = await readCases();
const cases = all.filter(({ name }) => name.startsWith(values.only ?? ''));
if (values.record) await record();
else await compare();

function takePeer(): Peer | undefined {
  const { PIER_TEST_PEER_SOCKET: socket, PIER_TEST_PEER_SHARE: share = '/tmp', PIER_TEST_PEER_MOUNT: mount = share } = process.env;
  delete process.env['PIER_TEST_PEER_SOCKET'];
  return socket === undefined ? undefined : { socket: socket.replace(/^unix:\/\//, ''), share, mount };
}

async function record(): Promise<void> {
  if (peer === undefined) throw new Error('Cannot record without a dockerd: PIER_TEST_PEER_SOCKET is not set');
  const answers = await askPeer(peer);
  for (const topic of new Set(cases.map((one) => one.topic))) {
    const known = await readRecording(topic);
    const ofTopic = all.filter((one) => one.topic === topic);
    await writeRecording(
      topic,
      ofTopic.flatMap(({ name }) => answers.get(name) ?? known.get(name) ?? []),
    );
  }
  console.log(`${answers.size} cases recorded`);
}

async function compare(): Promise<void> {
  const clients = values.client === undefined ? undefined : [values.client === 'pier' ? ('pier' as const) : ('docker' as const)];
  const docker = peer === undefined ? await recorded(cases) : await askPeer(peer);
  const report = await comparePier(cases, docker, clients);
  process.exitCode = printReport(report, { isWhole: cases.length === all.length && clients === undefined }) ? 0 : 1;
}

async function recorded(chosen: readonly Case[]): Promise<Map<string, Transcript>> {
  const topics = [...new Set(chosen.map(({ topic }) => topic))];
  const recordings = await Promise.all(topics.map((topic) => readRecording(topic)));
  return new Map(recordings.flatMap((recording) => [...recording]));
}

async function askPeer(where: Peer): Promise<Map<string, Transcript>> {
  const answers = new Map<string, Transcript>();
  const failures: string[] = [];
  await using target = await connectPeer(where);
  await runQueue(target, [...cases], failures, (transcript) => answers.set(transcript.name, transcript));
  for (const failure of failures) console.error(failure);
  if (failures.length > 0) throw new Error('Cannot compare: Docker itself did not run every case');
  return answers;
}
