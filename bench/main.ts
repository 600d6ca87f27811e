// npm run bench: pier beside its peers; see README.md in this folder.
