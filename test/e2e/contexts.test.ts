// Contexts and config.json, which pier and Docker's client share; connections by TCP and TLS.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import { dockerClient, pierClient, run, type Client, type RunOutcome } from '../harness/clients.ts';
import { missingMaterial, useDaemon } from '../harness/fixture.ts';

describe('contexts', { skip: missingMaterial() }, () => {
  const pier = useDaemon();
  let directory = '';
  let pki = '';
  const servers: Server[] = [];

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'pier-contexts-'));
    pki = join(directory, 'pki');
    await mkdir(pki);
    makeCertificates(pki);
  });

  after(async () => {
    for (const server of servers) server.close();
    await rm(directory, { recursive: true, force: true });
  });

  /** Runs pier with a configuration directory of the test's own, and no DOCKER_HOST unless given. */
  const cli = async (config: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<RunOutcome> =>
    await runWith(pierClient(), config, args, env);

  const runWith = async (
    client: Client,
    config: string,
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
  ): Promise<RunOutcome> => await run(client, args, { host: '', env: { DOCKER_CONFIG: join(directory, config), ...env } });

  it('pier’s contexts are Docker’s, and the other way round', async () => {
    const docker = await dockerClient();
    const made = await cli('shared', ['context', 'create', 'here', '--description', 'by pier', '--docker', `host=${pier.daemon.host}`]);
    assert.deepEqual(made, { exitCode: 0, stdout: 'here\n', stderr: 'Successfully created context "here"\n' });
    assert.equal((await cli('shared', ['context', 'use', 'here'])).exitCode, 0);
    if (docker !== undefined) {
      const shown = await runWith(docker, 'shared', ['context', 'inspect', 'here']);
      assert.deepEqual(JSON.parse(shown.stdout), JSON.parse((await cli('shared', ['context', 'inspect', 'here'])).stdout));
      assert.equal((await runWith(docker, 'shared', ['context', 'show'])).stdout, 'here\n');
      assert.equal((await runWith(docker, 'shared', ['ps', '-aq'])).exitCode, 0);
      await runWith(docker, 'shared', ['context', 'create', 'there', '--docker', 'host=tcp://there:2376']);
    } else await cli('shared', ['context', 'create', 'there', '--docker', 'host=tcp://there:2376']);
    const listed = await cli('shared', ['context', 'ls', '--format', '{{.Name}} {{.Current}} {{.DockerEndpoint}} {{.Description}}']);
    const expected = [
      'default false unix:///run/pier/pier.sock Current DOCKER_HOST based configuration',
      `here true ${pier.daemon.host} by pier`,
      'there false tcp://there:2376 ',
    ];
    assert.equal(listed.stdout, `${expected.join('\n')}\n`);
  });

  it('the flag, DOCKER_HOST, DOCKER_CONTEXT and the chosen context count in this order', async () => {
    await cli('order', ['context', 'create', 'chosen', '--docker', `host=${pier.daemon.host}`]);
    await cli('order', ['context', 'create', 'named', '--docker', 'host=unix:///nowhere/named.sock']);
    await cli('order', ['context', 'use', 'chosen']);
    assert.equal((await cli('order', ['ps', '-q'])).exitCode, 0);
    assert.equal((await cli('order', ['version', '-f', '{{.Client.Context}}'])).stdout, 'chosen\n');
    assert.match((await cli('order', ['info'])).stdout, /^ Context: {4}chosen$/m);
    const failing = async (args: readonly string[], env?: Readonly<Record<string, string>>): Promise<string> =>
      (await cli('order', args, env)).stderr.replace(/\n$/, '');
    const unreachable = (host: string): string => `Cannot connect to the pier daemon at ${host}. Is the pier daemon running?`;
    assert.equal(await failing(['ps'], { DOCKER_CONTEXT: 'named' }), unreachable('unix:///nowhere/named.sock'));
    assert.equal(
      await failing(['ps'], { DOCKER_CONTEXT: 'named', DOCKER_HOST: 'unix:///nowhere/env.sock' }),
      unreachable('unix:///nowhere/env.sock'),
    );
    assert.equal(
      await failing(['-c', 'named', 'ps'], { DOCKER_HOST: 'unix:///nowhere/env.sock' }),
      unreachable('unix:///nowhere/named.sock'),
    );
    assert.equal(
      await failing(['-H', 'unix:///nowhere/flag.sock', 'ps'], { DOCKER_CONTEXT: 'named' }),
      unreachable('unix:///nowhere/flag.sock'),
    );
    assert.equal(await failing(['-H', 'unix:///a', '-c', 'named', 'ps']), 'conflicting options: cannot specify both --host and --context');
    assert.match(
      await failing(['-c', 'gone', 'ps']),
      /^Failed to initialize: unable to resolve docker endpoint: context "gone": context not found: /,
    );
    // PIER_CONFIG is for those who keep the two apart.
    assert.equal((await cli('order', ['context', 'show'], { PIER_CONFIG: join(directory, 'other') })).stdout, 'default\n');
    assert.equal((await cli('other', ['--config', join(directory, 'order'), 'context', 'show'])).stdout, 'chosen\n');
  });

  it('a context in use is kept, one that is forced goes with its choice', async () => {
    await cli('rm', ['context', 'create', 'mine', '--docker', 'host=unix:///x']);
    await cli('rm', ['context', 'use', 'mine']);
    assert.deepEqual(await cli('rm', ['context', 'rm', 'mine', 'none', 'default']), {
      exitCode: 1,
      stdout: '',
      stderr: 'context "mine" is in use, set -f flag to force remove\ncontext "none" does not exist\ncontext "default" cannot be removed\n',
    });
    assert.equal((await cli('rm', ['context', 'rm', '-f', 'mine'])).stdout, 'mine\n');
    assert.equal((await cli('rm', ['context', 'show'])).stdout, 'default\n');
  });

  it('names and endpoints that are none are refused', async () => {
    const refused = async (...args: string[]): Promise<string> => (await cli('bad', ['context', 'create', ...args])).stderr;
    assert.match(await refused('x'), /^context name "x" is invalid/);
    assert.equal(await refused('default'), '"default" is a reserved context name\n');
    assert.match(await refused('../../x'), /is invalid/);
    assert.equal(
      await refused('aa', '--docker', 'host=/x'),
      'unable to create docker endpoint config: unable to apply docker endpoint options: unable to parse docker host `/x`\n',
    );
    assert.equal(
      await refused('aa', '--docker', 'colour=red'),
      'unable to create docker endpoint config: unrecognized config key: colour\n',
    );
    assert.equal(
      await refused('aa', '--docker', 'ca=/none.pem,host=tcp://x'),
      'unable to create docker endpoint config: open /none.pem: no such file or directory\n',
    );
    assert.equal(existsSync(join(directory, 'bad', 'contexts')), false);
  });

  it('export and import carry a context with its keys, and nothing else', async () => {
    const material = `host=tcp://lab:2376,ca=${pki}/ca.pem,cert=${pki}/client.pem,key=${pki}/client-key.pem`;
    await cli('exp', ['context', 'create', 'lab', '--docker', material]);
    const archive = join(directory, 'lab.tar');
    assert.equal((await cli('exp', ['context', 'export', 'lab', archive])).stderr, `Written file "${archive}"\n`);
    assert.equal((await stat(archive)).mode & 0o777, 0o600);
    assert.equal((await cli('exp', ['context', 'export', 'lab', archive])).stderr, `open ${archive}: file exists\n`);
    assert.equal((await cli('exp', ['context', 'import', 'lab2', archive])).exitCode, 0);
    const [one, two] = JSON.parse((await cli('exp', ['context', 'inspect', 'lab', 'lab2'])).stdout) as Record<
      string,
      { TLSPath: string }
    >[];
    assert.deepEqual({ ...two, Name: 'lab', Storage: null }, { ...one, Storage: null });
    const key = join(two?.['Storage']?.TLSPath ?? '', 'docker', 'key.pem');
    assert.equal(await readFile(key, 'utf8'), await readFile(join(pki, 'client-key.pem'), 'utf8'));
    assert.equal((await stat(key)).mode & 0o777, 0o600);
    execFileSync('tar', ['-cf', join(directory, 'evil.tar'), '-C', pki, '--transform', 's,ca.pem,tls/docker/../../../evil,', 'ca.pem']);
    assert.match((await cli('exp', ['context', 'import', 'evil', join(directory, 'evil.tar')])).stderr, /unexpected context file/);
    assert.equal((await cli('exp', ['context', 'ls', '-q'])).stdout, 'default\nlab\nlab2\n');
  });

  it('config.json: formats, headers and proxies; what pier does not know stays', async () => {
    const config = join(directory, 'conf');
    await mkdir(config);
    const seen: string[] = [];
    const host = await listen(createServer((socket) => tap(socket, pier.daemon.socket, (text) => seen.push(text))));
    const members = {
      auths: { 'registry.example': { auth: 'eDp5' } },
      psFormat: '{{.Names}} is {{.State}}',
      statsFormat: '{{.Name}} has {{.PIDs}}',
      HttpHeaders: { 'X-Meta': 'yes', 'User-Agent': 'other' },
      proxies: { default: { httpProxy: 'http://proxy:1', noProxy: 'localhost' } },
      somethingElse: [1, 2],
    };
    await writeFile(join(config, 'config.json'), JSON.stringify(members));
    await cli('conf', ['-H', host, 'create', '--name', 'proxied', '-e', 'no_proxy=mine', 'alpine', 'true']);
    assert.match(seen.join(''), /\r\nX-Meta: yes\r\n/);
    assert.match(seen.join(''), /\r\nUser-Agent: pier\r\n/);
    assert.equal((await cli('conf', ['-H', host, 'ps', '-a'])).stdout, 'proxied is created\n');
    assert.equal((await cli('conf', ['-H', host, 'stats', '-a', '--no-stream'])).stdout, 'proxied has 0\n');
    assert.match((await cli('conf', ['-H', host, 'ps', '-aq'])).stdout, /^[0-9a-f]{12}\n$/);
    assert.equal((await cli('conf', ['-H', host, 'ps', '-a', '--format', '{{.Names}}'])).stdout, 'proxied\n');
    const { stdout } = await cli('conf', ['-H', host, 'inspect', '-f', '{{range .Config.Env}}{{println .}}{{end}}', 'proxied']);
    const env = stdout.split('\n').filter((line) => /proxy/i.test(line));
    assert.deepEqual(env.toSorted(), ['HTTP_PROXY=http://proxy:1', 'NO_PROXY=localhost', 'http_proxy=http://proxy:1', 'no_proxy=mine']);
    await cli('conf', ['context', 'create', 'cc', '--docker', 'host=unix:///x']);
    await cli('conf', ['context', 'use', 'cc']);
    assert.deepEqual(JSON.parse(await readFile(join(config, 'config.json'), 'utf8')), { ...members, currentContext: 'cc' });
    await writeFile(join(config, 'config.json'), '{broken');
    const broken = await cli('conf', ['-H', host, 'ps', '-q']);
    assert.match(broken.stderr, /^WARNING: Error loading config file: .*config\.json: /);
    assert.equal(broken.exitCode, 0);
  });

  it('TLS: both sides show their certificates, and the wrong ones are refused', async () => {
    const options = {
      ca: await readFile(join(pki, 'ca.pem')),
      cert: await readFile(join(pki, 'server.pem')),
      key: await readFile(join(pki, 'server-key.pem')),
      requestCert: true,
      rejectUnauthorized: true,
      allowHalfOpen: true,
    };
    const host = await listen(createTlsServer(options, (socket) => tap(socket, pier.daemon.socket, () => undefined)));
    const mine = [`--tlscacert=${pki}/ca.pem`, `--tlscert=${pki}/client.pem`, `--tlskey=${pki}/client-key.pem`];
    assert.equal((await cli('tls', ['-H', host, '--tlsverify', ...mine, 'ps', '-q'])).exitCode, 0);
    // The connection itself, in both directions, with an end of the input that is not one of the output.
    const echo = await run(
      pierClient(),
      ['-H', host, '--tlsverify', ...mine, 'run', '--rm', '-i', 'alpine', 'sh', '-c', 'cat; echo done'],
      {
        host: '',
        input: 'through TLS\n',
        env: { DOCKER_CONFIG: join(directory, 'tls') },
      },
    );
    assert.deepEqual(echo, { exitCode: 0, stdout: 'through TLS\ndone\n', stderr: '' });
    await cli('tls', [
      'context',
      'create',
      'secure',
      '--docker',
      `host=${host},ca=${pki}/ca.pem,cert=${pki}/client.pem,key=${pki}/client-key.pem`,
    ]);
    assert.equal((await cli('tls', ['-c', 'secure', 'ps', '-q'])).exitCode, 0);
    // The environment, as Docker's client reads it.
    for (const [file, copy] of [['ca', 'ca'], ['client', 'cert'], ['client-key', 'key']] as const) {
      await writeFile(join(directory, `${copy}.pem`), await readFile(join(pki, `${file}.pem`)));
    } // prettier-ignore
    const env = { DOCKER_HOST: host, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: directory };
    assert.equal((await cli('tls', ['ps', '-q'], env)).exitCode, 0);
    const stranger = await cli('tls', ['-H', host, '--tlsverify', `--tlscacert=${pki}/client.pem`, ...mine.slice(1), 'ps']);
    assert.equal(stranger.exitCode, 1);
    assert.match(stranger.stderr, /^error during connect to tcp:\/\/127\.0\.0\.1:\d+: .*(certificate|issuer)/);
    const nameless = await cli('tls', ['-H', host, '--tls', `--tlscert=/none.pem`, 'ps']);
    assert.match(nameless.stderr, /open \/none\.pem: no such file or directory/);
    const plain = await cli('tls', ['-H', host, 'ps']);
    assert.equal(plain.exitCode, 1);
  });

  it('system dial-stdio is the daemon’s socket on standard input and output', async () => {
    const request = 'GET /_ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
    const { stdout, exitCode } = await run(pierClient(), ['system', 'dial-stdio'], { host: pier.daemon.host, input: request });
    assert.equal(exitCode, 0);
    assert.match(stdout, /^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\nOK$/);
  });

  /** Listens on a port of the loopback interface. @returns Its address for clients. */
  async function listen(server: Server): Promise<string> {
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    return `tcp://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  }
});

/** Joins a connection with the daemon's socket, and tells of what comes in. */
function tap(socket: Socket, daemonSocket: string, onRequest: (text: string) => void): void {
  const daemon = connect({ path: daemonSocket, allowHalfOpen: true });
  socket.on('data', (chunk: Buffer) => onRequest(chunk.toString('latin1')));
  socket.pipe(daemon).pipe(socket);
  for (const each of [socket, daemon]) each.on('error', () => [socket, daemon].forEach((end) => end.destroy()));
}

/** A certificate authority, and certificates by it for a server at 127.0.0.1 and a client. */
function makeCertificates(directory: string): void {
  const openssl = (...args: string[]): void => void execFileSync('openssl', args, { cwd: directory, stdio: 'ignore' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  openssl('req', '-x509', ...key, '-keyout', 'ca-key.pem', '-out', 'ca.pem', '-days', '2', '-subj', '/CN=test authority');
  for (const [name, extension] of [['server', 'subjectAltName=IP:127.0.0.1'], ['client', 'extendedKeyUsage=clientAuth']] as const) {
    openssl('req', '-x509', ...key, '-keyout', `${name}-key.pem`, '-out', `${name}.pem`, '-days', '2', '-subj', `/CN=${name}`, '-addext', extension, '-CA', 'ca.pem', '-CAkey', 'ca-key.pem');
  } // prettier-ignore
}
