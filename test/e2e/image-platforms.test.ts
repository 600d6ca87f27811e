// Platforms of images, the archives that they come in, and where those come from.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { fileTar } from '../crash/small-images.ts';
import { IS_PEER } from '../harness/daemon.ts';
import { describeWithClients } from '../harness/fixture.ts';
import { SHARED } from '../harness/images.ts';

const FOREIGN = process.arch === 'arm64' ? 'amd64' : 'arm64';
const OWN = process.arch === 'arm64' ? 'arm64' : 'amd64';
const MISMATCH = `was found but its platform (linux/${OWN}) does not match the specified platform (linux/${FOREIGN})`;

describeWithClients(
  'image platforms',
  (pier) => {
    let directory = '';
    let server: Server;
    let url = '';
    before(async () => {
      directory = await mkdtemp(join(tmpdir(), 'pt-platforms-'));
      const tar = await readFile(SHARED.alpineTar);
      server = createServer((request, response) => {
        if (request.url === '/rootfs.tar.gz') response.writeHead(200, { 'Content-Length': tar.length }).end(tar);
        else response.writeHead(404).end('nothing here');
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const address = server.address();
      url = typeof address === 'object' && address !== null ? `http://127.0.0.1:${address.port}` : '';
    });
    after(async () => {
      server.close();
      await rm(directory, { recursive: true, force: true });
    });

    it('what is not for the platform that is asked for is refused, and nothing happens', async () => {
      const file = join(directory, 'alpine.tar');
      for (const args of [
        ['history', '--platform', `linux/${FOREIGN}`, 'alpine'],
        ['image', 'inspect', '--platform', `linux/${FOREIGN}`, 'alpine'],
        ['rmi', '--platform', `linux/${FOREIGN}`, 'alpine'],
        ['create', '--pull', 'never', '--platform', `linux/${FOREIGN}`, 'alpine', 'true'],
      ]) {
        const { exitCode, stderr } = await pier.cli(...args);
        assert.deepEqual([exitCode, stderr], [1, `Error response from daemon: image with reference alpine ${MISMATCH}\n`], args.join(' '));
      }
      const saved = await pier.cli('save', '--platform', `linux/${FOREIGN}`, '-o', file, 'alpine');
      assert.equal(saved.stderr, `Error response from daemon: no suitable export target found for platform linux/${FOREIGN}\n`);
      assert.ok(!existsSync(file));
      const unreadable = await pier.cli('history', '--platform', 'a/b/c/d', 'alpine');
      assert.equal(unreadable.stderr, 'invalid platform: "a/b/c/d": cannot parse platform specifier: invalid argument\n');
      assert.notEqual(await pier.ok('history', '-q', '--platform', `linux/${OWN}`, 'alpine'), '');
    });

    it('load takes only what is for the platform', { skip: IS_PEER && 'dockerd loads nothing and says nothing' }, async () => {
      const file = join(directory, 'own.tar');
      await pier.ok('save', '--platform', `linux/${OWN}`, '-o', file, 'alpine');
      const refused = await pier.cli('load', '--platform', `linux/${FOREIGN}`, '-i', file);
      assert.deepEqual([refused.exitCode, refused.stderr], [1, `no image in the archive is for the platform linux/${FOREIGN}\n`]);
      assert.equal(await pier.ok('load', '--platform', `linux/${OWN}`, '-i', file), 'Loaded image: alpine:latest');
    });

    it('run takes the platform of the image, and fetches another, which cannot be done yet', async () => {
      assert.equal(await pier.ok('run', '--rm', '--platform', OWN, 'alpine', 'echo', 'ran'), 'ran');
      const { exitCode, stderr } = await pier.cli('run', '--rm', '--platform', `linux/${FOREIGN}`, 'alpine', 'true');
      assert.equal(exitCode, 125);
      assert.match(stderr, /^Unable to find image 'alpine:latest' locally\n/);
      if (!IS_PEER) assert.match(stderr, /"load" and "import" bring in images from files/);
      const bad = await pier.cli('run', '--rm', '--platform', 'foo', 'alpine', 'true');
      assert.equal(bad.exitCode, 125);
      assert.match(bad.stderr, /: error parsing specified platform: "foo": unknown operating system or architecture: invalid argument\n/);
    });

    it('--pull says when a missing image is fetched', async () => {
      const never = await pier.cli('run', '--pull', 'never', 'nothing:1', 'true');
      assert.deepEqual([never.exitCode, /Error response from daemon: No such image: nothing:1\n/.test(never.stderr)], [125, true]);
      assert.doesNotMatch(never.stderr, /Unable to find/);
      const missing = await pier.cli('create', '--pull', 'missing', 'nothing:1', 'true');
      assert.equal(missing.exitCode, 1);
      assert.match(missing.stderr, /^Unable to find image 'nothing:1' locally\nError response from daemon: /);
      const quiet = await pier.cli('create', '-q', 'nothing:1', 'true');
      assert.doesNotMatch(quiet.stderr, /Unable to find/);
      const always = await pier.cli('create', '--pull', 'always', 'alpine', 'true');
      assert.equal(always.exitCode, 1, 'an image that is there is fetched all the same');
      assert.equal(await pier.ok('ps', '-aq'), '');
    });

    it('an image for another platform runs with a warning, unless it was asked for', async () => {
      const archive = await readFile(SHARED.alpineTar);
      assert.equal((await pier.cliWith({ input: archive }, 'import', '--platform', `linux/${FOREIGN}/v8`, '-', 'foreign')).exitCode, 0);
      const { stdout, stderr } = await pier.cli('run', '--rm', 'foreign', 'echo', 'ran all the same');
      assert.equal(stdout, 'ran all the same\n');
      assert.match(
        stderr,
        new RegExp(
          `^WARNING: The requested image's platform \\(linux/${FOREIGN}/v8\\) does not match the detected host platform \\(linux/${OWN}(/v\\d)?\\) and no specific platform was requested\\n$`,
        ),
      );
      assert.equal((await pier.cli('run', '--rm', '--platform', `linux/${FOREIGN}`, 'foreign', 'true')).stderr, '');
    });

    it('import fetches a URL', { skip: IS_PEER && 'dockerd is in a network of its own' }, async () => {
      const { stdout, stderr } = await pier.cli('import', '-c', 'LABEL from=net', `${url}/rootfs.tar.gz`, 'fetched:1');
      assert.match(stdout, new RegExp(`^Downloading from ${url}/rootfs\\.tar\\.gz\\nsha256:[0-9a-f]{64}\\n$`), stderr);
      assert.equal(await pier.ok('run', '--rm', 'fetched:1', 'cat', '/etc/alpine-release'), '3.20.3');
      assert.equal(await pier.ok('history', '--format', '{{.Comment}}', 'fetched:1'), `Imported from ${url}/rootfs.tar.gz`);
      const missing = await pier.cli('import', `${url}/nothing`, 'fetched:2');
      assert.deepEqual(
        [missing.exitCode, missing.stderr],
        [1, `Error response from daemon: failed to GET ${url}/nothing with status 404 Not Found: nothing here\n`],
      );
      assert.doesNotMatch(await pier.ok('images', '--format', '{{.Tag}}', 'fetched'), /2/);
    });

    it('import and load undo xz and bzip2, and load says whose name it took', { skip: IS_PEER && 'dockerd has no xz there' }, async () => {
      const small = await fileTar('small');
      await pier.cliWith({ input: small }, 'import', '-', 'small');
      await pier.ok('save', '-o', join(directory, 'small.tar'), 'small');
      const id = await pier.ok('image', 'inspect', '-f', '{{.Id}}', 'small');
      for (const program of ['xz', 'bzip2']) {
        const compress = (input: Buffer): Buffer => spawnSync(program, ['-c'], { input }).stdout;
        const imported = await pier.cliWith({ input: compress(small) }, 'import', '-', 'small');
        assert.match(imported.stdout, /^sha256:[0-9a-f]{64}\n$/, imported.stderr);
        const loaded = await pier.cliWith({ input: compress(await readFile(join(directory, 'small.tar'))) }, 'load');
        assert.equal(
          loaded.stdout,
          `The image small:latest already exists, renaming the old one with ID ${imported.stdout.trim()} to empty string\nLoaded image: small:latest\n`,
        );
        assert.equal(await pier.ok('image', 'inspect', '-f', '{{.Id}}', 'small'), id);
      }
    });
  },
  { images: ['alpine'] },
);
