/** Commands that `main` answers itself: they are in no table. */
export const OWN_COMMANDS: readonly string[] = ['completion', 'daemon', 'help'];
