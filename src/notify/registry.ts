import type { Channel, FindChannel } from './channel.ts';

/** The channels that are configured, by the name that messages say. A channel is a folder beside this file and a line here. */
export function createChannels(): FindChannel {
  const channels: ReadonlyMap<string, Channel> = new Map([]);
  return (name) => channels.get(name) ?? null;
}
