import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { pathOf } from '../examples/files.ts';
import { concluded, startFakeSerin } from './fake-serin.ts';

type Ended = { readonly code: number; readonly stdout: string; readonly stderr: string };

/** Runs the program itself. */
function serin(...args: readonly string[]): Promise<Ended> {
  const command = ['--import', 'tsx', pathOf('src/main.ts'), ...args];
  const env = { PATH: process.env['PATH'], NO_COLOR: '1' };
  return new Promise((resolve) => {
    execFile(process.execPath, command, { env }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
    });
  });
}

describe('the program serin', function () {
  this.timeout(60_000);

  it('ends with 2 and the reason on wrong usage of any command', async () => {
    const [flag, command, nothing] = await Promise.all([
      serin('gate', '--nope'),
      serin('gaet'),
      serin('serve', '--nope'),
    ]);

    assert.deepEqual([flag.code, command.code, nothing.code], [2, 2, 2]);
    assert.match(flag.stderr, /^serin: unknown option '--nope'/);
    assert.match(command.stderr, /^serin: unknown command 'gaet'/);
    assert.equal(flag.stdout, '');
  });

  it('ends with 0 after the help, which tells the exit codes', async () => {
    const { code, stdout } = await serin('gate', '--help');

    assert.equal(code, 0);
    assert.match(stdout, /0 pass, 1 fail, 2 usage or bad input, 3 inconclusive, 4 timeout, 5 unavailable/);
  });

  it('ends with the code of the verdict, the summary alone on stdout', async () => {
    const fake = await startFakeSerin([concluded('inconclusive')]);
    try {
      const { code, stdout } = await serin('gate', '--url', fake.url, '--service', 's', '--environment', 'e');

      assert.equal(code, 3);
      assert.match(stdout, /^inconclusive: checkout v1\.8\.0 in production\n/);
    } finally {
      await fake.close();
    }
  });
});
