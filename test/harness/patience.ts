/** How much longer than on an ordinary machine tests wait for something: more on an emulated one. */
export const PATIENCE: number = Number(process.env['PIER_TEST_PATIENCE'] ?? 1);
