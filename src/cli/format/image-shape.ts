import { pointerTo, shape } from './shape.ts';
import type { Shape } from './shape.ts';

const CONFIG = shape(
  'v1.DockerOCIImageConfig',
  {
    as: 'ImageConfig',
    embed: shape(
      'v1.ImageConfig',
      'User~',
      'ExposedPorts:m~',
      'Env:l~',
      'Entrypoint:l~',
      'Cmd:l~',
      'Volumes:m~',
      'WorkingDir~',
      'Labels:m~',
      'StopSignal~',
      'ArgsEscaped:b~',
    ),
  },
  { as: 'DockerOCIImageConfigExt', embed: shape('v1.DockerOCIImageConfigExt', 'Healthcheck:a~', 'OnBuild:l~', 'Shell:l~') },
);

/** The struct that `docker image inspect` gives to templates. */
export const IMAGE_SHAPE: Shape = shape(
  'image.InspectResponse',
  'ID=Id',
  'RepoTags:l',
  'RepoDigests:l',
  'Parent',
  'Comment',
  'Created~',
  'Container~',
  'ContainerConfig:a~',
  'DockerVersion',
  'Author',
  ['Config', pointerTo(CONFIG)],
  'Architecture',
  'Variant~',
  'Os',
  'OsVersion~',
  'Size:i',
  'VirtualSize:i~',
  ['GraphDriver', shape('storage.DriverData', 'Data:m', 'Name')],
  ['RootFS', shape('image.RootFS', 'Type~', 'Layers:l~')],
  ['Metadata', shape('image.Metadata', 'LastTagTime:t~')],
  'Descriptor:a~',
  'Manifests:l~',
);
