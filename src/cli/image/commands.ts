import type { CommandDefinition, FlagDefinition } from '../command.ts';

const LIST_FORMAT: FlagDefinition = {
  long: 'format',
  kind: 'string',
  description: "Format output using a custom template: 'table', 'table TEMPLATE', 'json', or a Go template 'TEMPLATE'",
};
const NO_TRUNC: FlagDefinition = { long: 'no-trunc', kind: 'bool', description: "Don't truncate output" };
const QUIET_IDS: FlagDefinition = { long: 'quiet', short: 'q', kind: 'bool', description: 'Only show image IDs' };
function platformFlag(description: string): FlagDefinition {
  return { long: 'platform', kind: 'string', description };
}

/** Commands that list, move, name and remove images. */
export const IMAGE_COMMANDS: readonly CommandDefinition[] = [
  {
    paths: ['images', 'image ls'],
    aliases: ['image list'],
    section: 'common',
    order: 4,
    usage: '[OPTIONS] [REPOSITORY[:TAG]]',
    summary: 'List images',
    examples: ['pier images --digests', "pier images --format '{{.Repository}}:{{.Tag}} {{.Size}}'"],
    flags: [
      { long: 'all', short: 'a', kind: 'bool', description: 'Show all images (default hides intermediate images)' },
      { long: 'digests', kind: 'bool', description: 'Show digests' },
      { long: 'filter', short: 'f', kind: 'list', valueName: 'filter', description: 'Filter output based on conditions provided' },
      { ...LIST_FORMAT, configMember: 'imagesFormat' },
      NO_TRUNC,
      QUIET_IDS,
      { long: 'tree', kind: 'bool', unsupported: true, description: 'List multi-platform images as a tree' },
    ],
    args: { min: 0, max: 1 },
    completes: 'image',
    load: () => import('./ls.ts'),
  },
  {
    paths: ['load', 'image load'],
    usage: '[OPTIONS]',
    summary: 'Load an image from a tar archive or STDIN',
    examples: ['pier load -i busybox.tar', 'zcat busybox.tar.gz | pier load'],
    flags: [
      { long: 'input', short: 'i', kind: 'string', description: 'Read from tar archive file, instead of STDIN' },
      platformFlag('Load only the given platform variant. Formatted as "os[/arch[/variant]]" (e.g., "linux/amd64")'),
      { long: 'quiet', short: 'q', kind: 'bool', description: 'Suppress the load output' },
    ],
    args: { min: 0, max: 0 },
    load: () => import('./load.ts'),
  },
  {
    paths: ['save', 'image save'],
    usage: '[OPTIONS] IMAGE [IMAGE...]',
    summary: 'Save one or more images to a tar archive (streamed to STDOUT by default)',
    examples: ['pier save -o alpine.tar alpine'],
    flags: [
      { long: 'output', short: 'o', kind: 'string', description: 'Write to a file, instead of STDOUT' },
      platformFlag('Save only the given platform variant. Formatted as "os[/arch[/variant]]" (e.g., "linux/amd64")'),
    ],
    args: { min: 1 },
    completes: 'image',
    load: () => import('./save.ts'),
  },
  {
    paths: ['import', 'image import'],
    usage: '[OPTIONS] file|URL|- [REPOSITORY[:TAG]]',
    summary: 'Import the contents from a tarball to create a filesystem image',
    examples: ['pier import -c \'CMD ["/bin/sh"]\' rootfs.tar.gz alpine'],
    flags: [
      { long: 'change', short: 'c', kind: 'list', description: 'Apply Dockerfile instruction to the created image' },
      { long: 'message', short: 'm', kind: 'string', description: 'Set commit message for imported image' },
      { long: 'platform', kind: 'string', description: 'Set platform if server is multi-platform capable' },
    ],
    args: { min: 1 },
    load: () => import('./import.ts'),
  },
  {
    paths: ['tag', 'image tag'],
    usage: 'SOURCE_IMAGE[:TAG] TARGET_IMAGE[:TAG]',
    summary: 'Create a tag TARGET_IMAGE that refers to SOURCE_IMAGE',
    examples: ['pier tag alpine registry.example.com/alpine:3'],
    flags: [],
    args: { min: 2, max: 2 },
    flagsFirst: true,
    completes: 'image',
    load: () => import('./tag.ts'),
  },
  {
    paths: ['rmi', 'image rm'],
    aliases: ['image remove'],
    usage: '[OPTIONS] IMAGE [IMAGE...]',
    summary: 'Remove one or more images',
    examples: ['pier rmi alpine busybox'],
    flags: [
      { long: 'force', short: 'f', kind: 'bool', description: 'Force removal of the image' },
      { long: 'no-prune', kind: 'bool', description: 'Do not delete untagged parents' },
      {
        long: 'platform',
        kind: 'list',
        valueName: 'strings',
        description: 'Remove only the given platform variant. Formatted as "os[/arch[/variant]]" (e.g., "linux/amd64")',
      },
    ],
    args: { min: 1 },
    completes: 'image',
    load: () => import('./rm.ts'),
  },
  {
    paths: ['image inspect'],
    usage: '[OPTIONS] IMAGE [IMAGE...]',
    summary: 'Display detailed information on one or more images',
    examples: ["pier image inspect -f '{{json .Config.Env}}' alpine"],
    flags: [
      {
        long: 'format',
        short: 'f',
        kind: 'string',
        description: "Format output using a custom template: 'json', or a Go template 'TEMPLATE'",
      },
      platformFlag(
        "Inspect a specific platform of the multi-platform image.\nIf the image or the server is not multi-platform capable, the command will error out if the platform does not match.\n'os[/arch[/variant]]': Explicit platform (eg. linux/amd64)",
      ),
    ],
    args: { min: 1 },
    completes: 'image',
    load: () => import('./inspect.ts'),
  },
  {
    paths: ['history', 'image history'],
    usage: '[OPTIONS] IMAGE',
    summary: 'Show the history of an image',
    examples: ['pier history --no-trunc alpine'],
    flags: [
      LIST_FORMAT,
      {
        long: 'human',
        short: 'H',
        kind: 'bool',
        default: 'true',
        shownDefault: 'true',
        description: 'Print sizes and dates in human readable format',
      },
      NO_TRUNC,
      platformFlag('Show history for the given platform. Formatted as "os[/arch[/variant]]" (e.g., "linux/amd64")'),
      QUIET_IDS,
    ],
    args: { min: 1, max: 1 },
    completes: 'image',
    load: () => import('./history.ts'),
  },
  {
    paths: ['image prune'],
    usage: '[OPTIONS]',
    summary: 'Remove unused images',
    examples: ['pier image prune -a'],
    flags: [
      { long: 'all', short: 'a', kind: 'bool', description: 'Remove all unused images, not just dangling ones' },
      { long: 'filter', kind: 'list', valueName: 'filter', description: 'Provide filter values (e.g. "until=<timestamp>")' },
      { long: 'force', short: 'f', kind: 'bool', description: 'Do not prompt for confirmation' },
    ],
    args: { min: 0, max: 0 },
    load: () => import('./prune.ts'),
  },
  ...['image build', 'image pull', 'image push'].map((path): CommandDefinition => ({
    paths: [path],
    usage: '',
    summary: 'Not supported yet',
    flags: [],
    args: { min: 0 },
    unsupported: true,
  })),
];
