import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** What one command line did, masked. */
export interface Answer {
  readonly command: string;
  /** Lines of standard output after `| `, of standard error after `! `, then `= CODE` unless the exit code is 0. */
  readonly lines: readonly string[];
}

/** What the compared command lines of one case did. */
export interface Transcript {
  /** The case's `TOPIC/TITLE`. */
  readonly name: string;
  readonly answers: readonly Answer[];
}

const GOLDEN_DIR = join(import.meta.dirname, 'golden');

/** What Docker answered when it was recorded; empty for a topic that never was. */
export async function readRecording(topic: string): Promise<Map<string, Transcript>> {
  const text = await readFile(join(GOLDEN_DIR, `${topic}.txt`), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  return new Map(parseTranscripts(topic, text).map((transcript) => [transcript.name, transcript]));
}

/** Replaces a topic's recording. */
export async function writeRecording(topic: string, transcripts: readonly Transcript[]): Promise<void> {
  await mkdir(GOLDEN_DIR, { recursive: true });
  await writeFile(join(GOLDEN_DIR, `${topic}.txt`), transcripts.map((transcript) => `${formatTranscript(transcript)}\n`).join(''));
}

/** The text of a transcript, as it lies in a recording. */
export function formatTranscript({ name, answers }: Transcript): string {
  const title = name.slice(name.indexOf('/') + 1);
  return [`== ${title}`, ...answers.flatMap(({ command, lines }) => [`$ ${command}`, ...lines])].join('\n');
}

function parseTranscripts(topic: string, text: string): Transcript[] {
  const found: { name: string; answers: { command: string; lines: string[] }[] }[] = [];
  for (const line of text.split('\n')) {
    if (line.startsWith('== ')) found.push({ name: `${topic}/${line.slice(3)}`, answers: [] });
    else if (line.startsWith('$ ')) found.at(-1)?.answers.push({ command: line.slice(2), lines: [] });
    else if (line !== '') found.at(-1)?.answers.at(-1)?.lines.push(line);
  }
  return found;
}
