import type { Schema } from '../store/index.ts';

/** The tables of images and their names. */
export const IMAGE_SCHEMA: Schema = {
  noun: 'image',
  migrations: [
    `CREATE TABLE image (
       id TEXT PRIMARY KEY,
       os TEXT NOT NULL,
       architecture TEXT NOT NULL,
       variant TEXT NOT NULL,
       created_at TEXT NOT NULL,
       last_tagged_at TEXT,
       document TEXT NOT NULL
     ) STRICT, WITHOUT ROWID;
     CREATE TABLE image_tag (
       reference TEXT PRIMARY KEY,
       image_id TEXT NOT NULL REFERENCES image (id)
     ) STRICT, WITHOUT ROWID;
     CREATE INDEX image_tag_by_image ON image_tag (image_id);
     CREATE TABLE image_digest_reference (
       reference TEXT PRIMARY KEY,
       image_id TEXT NOT NULL REFERENCES image (id)
     ) STRICT, WITHOUT ROWID;
     CREATE INDEX image_digest_reference_by_image ON image_digest_reference (image_id);`,
    'ALTER TABLE image ADD COLUMN parent_id TEXT REFERENCES image (id)',
  ],
};
