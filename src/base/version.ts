/** pier's version, as in package.json; a test compares the two. */
export const PIER_VERSION = '0.1.0';
