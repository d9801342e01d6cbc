import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { adopt, type Started } from '../../support/process.ts';
import type { Behaviour, Listening } from './sample-service.ts';

/** One arm that is up. */
export type SampleService = Started & Behaviour & { readonly address: string };

/** Starts one arm as a process of its own and waits until it listens. */
export async function startSampleService(behaviour: Behaviour): Promise<SampleService> {
  const child = fork(
    fileURLToPath(new URL('./sample-service.ts', import.meta.url)),
    [
      `--app=${behaviour.app}`,
      `--pod-template-hash=${behaviour.podTemplateHash}`,
      `--error-rate=${behaviour.errorRate}`,
      `--latency-ms=${behaviour.latencyMs}`,
      `--seed=${behaviour.seed}`,
    ],
    { execArgv: ['--import', 'tsx'], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] },
  );
  const started = adopt(child, `sample service ${behaviour.podTemplateHash}`, null);
  const [message] = (await once(child, 'message', { signal: AbortSignal.timeout(30_000) })) as [Listening];
  return { ...started, ...behaviour, address: `127.0.0.1:${message.port}` };
}
