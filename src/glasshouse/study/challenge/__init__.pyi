from .folder import ChallengeFolder as ChallengeFolder
