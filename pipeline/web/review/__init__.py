"""The reviewer's pages: the queue, one claim, and the JSON that they work with."""
