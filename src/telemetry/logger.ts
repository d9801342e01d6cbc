import { type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino';
import { redacted, secretPaths } from './redaction.ts';

export type { Logger } from 'pino';

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/**
 * A logger that writes one JSON object a line, times in ISO 8601, secrets replaced.
 *
 * @param level - the least severe level that is written
 * @param destination - where the lines go; standard output by default
 */
export function createLogger(level: LogLevel, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: [...secretPaths], censor: redacted },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}
