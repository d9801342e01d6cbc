import assert from 'node:assert/strict';
import { parseConfig } from '../src/config.ts';
import { appKey } from './support/github-double.ts';

const sources = { env: { KEY: appKey, ESCAPED: appKey.replaceAll('\n', '\\n') }, readFile: () => '' };

function gatesOf(gates: string) {
  return parseConfig(`services: [{ name: checkout, gates: [${gates}] }]`, sources).services[0]?.gates;
}

function githubOf(text: string) {
  return parseConfig(`github: { appId: 31337, privateKey: "\${KEY}", ${text} }`, sources).github;
}

describe('gates of a service', () => {
  it('ask staging for a verdict of the last day, or the canary that is out', () => {
    assert.deepEqual(
      gatesOf('{ environment: production, judges: staging }, { environment: canary, judges: canary }'),
      [
        {
          environment: 'production',
          judges: 'staging',
          judgedIn: 'staging',
          maxAge: 86_400_000,
          onInconclusive: 'refuse',
        },
        {
          environment: 'canary',
          judges: 'canary',
          judgedIn: 'canary',
          maxAge: null,
          onInconclusive: 'refuse',
        },
      ],
    );
  });

  it('may say where staging is, how old a verdict may be, and what an inconclusive one does', () => {
    const [gate] =
      gatesOf('{ environment: p, judges: staging, judgedIn: preprod, maxAge: 2h, onInconclusive: allow }') ??
      [];
    assert.deepEqual([gate?.judgedIn, gate?.maxAge, gate?.onInconclusive], ['preprod', 7_200_000, 'allow']);
  });

  it('are refused for words nobody knows, a place that means nothing, and a second gate of an environment', () => {
    assert.throws(() => gatesOf('{ environment: p, judges: prod }'), /gates\[0\]\.judges/);
    assert.throws(() => gatesOf('{ environment: p, judges: canary, judgedIn: x }'), /gates\[0\]\.judgedIn/);
    assert.throws(
      () => gatesOf('{ environment: p, judges: canary }, { environment: p, judges: staging }'),
      /gates\[1\]\.environment: found "p" twice/,
    );
  });
});

describe('the section github', () => {
  it('answers at github.com within six hours, with comments, unless it says otherwise', () => {
    const { appId, apiUrl, allowedHosts, deadline, comments, report } = githubOf('') ?? assert.fail();
    assert.deepEqual(
      [appId, apiUrl, allowedHosts, deadline, comments, report],
      ['31337', 'https://api.github.com', ['api.github.com'], 21_600_000, true, 'none'],
    );
  });

  it('may be an enterprise server, whose host alone is answered then', () => {
    const github = githubOf('apiUrl: "https://github.example/api/v3/"');
    assert.deepEqual(
      [github?.apiUrl, github?.allowedHosts],
      ['https://github.example/api/v3', ['github.example']],
    );
  });

  it('takes a key whose line breaks are written out', () => {
    const { github } = parseConfig(`github: { appId: 1, privateKey: "\${ESCAPED}" }`, sources);
    assert.equal(github?.privateKey, appKey);
  });

  it('is refused with what is no key, an unsafe address, or a deadline that outlives patience', () => {
    assert.throws(
      () => parseConfig('github: { appId: 1, privateKey: nonsense }', sources),
      /is no RSA private key/,
    );
    assert.throws(() => githubOf('apiUrl: "http://github.example"'), /allowed are https addresses/);
    assert.throws(() => githubOf('deadline: 8d'), /durations up to 7d/);
    assert.throws(() => githubOf('report: comment'), /github\.report/);
  });
});
