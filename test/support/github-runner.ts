import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Reads a file of outputs as the runner does: `name<<delimiter`, lines, the delimiter on a line of its own. */
export function readOutputs(text: string): Record<string, string> {
  const outputs: Record<string, string> = {};
  const lines = text.split('\n');
  for (let at = 0; at < lines.length; ) {
    const line = lines[at] ?? '';
    const split = line.indexOf('<<');
    if (line === '') {
      at += 1;
      continue;
    }
    if (split < 0) throw new Error(`no output: ${line}`);
    const [name, delimiter] = [line.slice(0, split), line.slice(split + 2)];
    const end = lines.indexOf(delimiter, at + 1);
    if (end < 0) throw new Error(`the delimiter of ${name} is missing`);
    outputs[name] = lines.slice(at + 1, end).join('\n');
    at = end + 1;
  }
  return outputs;
}

/** What a step left behind. */
export type StepResult = {
  readonly code: number | null;
  readonly log: string;
  readonly outputs: Readonly<Record<string, string>>;
  readonly summary: string;
  /** `::error …` and `::warning …` as the runner would show them. */
  readonly annotations: readonly {
    readonly level: string;
    readonly title: string;
    readonly message: string;
  }[];
  readonly masked: readonly string[];
};

function decodeCommand(text: string): string {
  return text
    .replaceAll('%0D', '\r')
    .replaceAll('%0A', '\n')
    .replaceAll('%3A', ':')
    .replaceAll('%2C', ',')
    .replaceAll('%25', '%');
}

/** Reads the log of a step as the runner does. */
export function readLog(log: string): Pick<StepResult, 'annotations' | 'masked'> {
  const annotations = [...log.matchAll(/^::(error|warning|notice) title=(.*?)::(.*)$/gm)].map(
    ([, level = '', title = '', message = '']) => ({
      level,
      title: decodeCommand(title),
      message: decodeCommand(message),
    }),
  );
  const masked = [...log.matchAll(/^::add-mask::(.*)$/gm)].map(([, secret = '']) => decodeCommand(secret));
  return { annotations, masked };
}

/** The environment of a job that deploys from main, without what Node itself needs. */
export const jobEnvironment = {
  GITHUB_ACTIONS: 'true',
  GITHUB_SERVER_URL: 'https://github.com',
  GITHUB_REPOSITORY: 'octocat/shop',
  GITHUB_RUN_ID: '42',
  GITHUB_RUN_ATTEMPT: '1',
  GITHUB_JOB: 'deploy',
  GITHUB_ACTION: 'gate',
  GITHUB_ACTOR: 'octocat',
  GITHUB_EVENT_NAME: 'push',
} as const;

/** Inputs as the runner hands them over: upper case, hyphens kept. */
export function inputsOf(inputs: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]),
  );
}

/** Runs the bundle of the action as a step: a process of its own, inputs in the environment, files for what it tells. */
export async function runStep(
  inputs: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>> = {},
): Promise<StepResult> {
  const folder = mkdtempSync(join(tmpdir(), 'serin-step-'));
  const [output, summary] = [join(folder, 'output'), join(folder, 'summary')];
  writeFileSync(output, '');
  writeFileSync(summary, '');
  const child = spawn(process.execPath, ['action/dist/index.js'], {
    env: {
      PATH: process.env['PATH'],
      ...jobEnvironment,
      GITHUB_OUTPUT: output,
      GITHUB_STEP_SUMMARY: summary,
      ...inputsOf(inputs),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      log += text;
    });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  try {
    return {
      code,
      log,
      outputs: readOutputs(readFileSync(output, 'utf8')),
      summary: readFileSync(summary, 'utf8'),
      ...readLog(log),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
