"""Maps of studies: the games of millions of cells, computed in shards that anybody may write."""
