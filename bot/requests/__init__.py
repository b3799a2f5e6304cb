"""What a request is: its values, its life, who must approve it. Pure: no I/O, no Slack."""
