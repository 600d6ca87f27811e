import type { CommandDefinition } from '../command.ts';

/** Commands on the daemon. */
export const SYSTEM_COMMANDS: readonly CommandDefinition[] = [];
